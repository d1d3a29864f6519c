#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/core/downsample.h"
#include "server/rpc/invalid_field.h"
#include "server/web/context.h"
#include "server/web/curves.h"
#include "server/web/curves_json.h"
#include "server/web/handlers.h"
#include "spec/suggest.h"
#include "wire/json/messages.h"

namespace fp4::web {
namespace {

constexpr int64_t kMostSteps = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxBuckets = 10'000;

struct MetricsRequest {
  std::string experiment;
  std::vector<std::string> runs;
  CurvesQuestion question;
  int64_t max_points = 0;  // 0: all
  int64_t buckets = 0;     // 0: points
  bool csv = false;
};

absl::Status CheckChoices(const MetricsRequest& request, const std::string& format) {
  if (request.experiment.empty() == request.runs.empty()) {
    return rpc::InvalidField("run", "or experiment says whose metrics; one of them is needed");
  }
  if (request.max_points != 0 && request.max_points < int64_t{core::kMinDownsampledPoints}) {
    return rpc::InvalidField(
        "max_points", absl::StrCat("is ", request.max_points, "; allowed: 0 (all), or at least ",
                                   core::kMinDownsampledPoints));
  }
  if (request.max_points != 0 && request.buckets != 0) {
    return rpc::InvalidField("buckets", "and max_points are two ways to reduce; one is enough");
  }
  if (!format.empty() && format != "json" && format != "csv") {
    return rpc::InvalidField("format", absl::StrCat("is '", format, "'; allowed: json, csv"));
  }
  const int64_t from = request.question.from_step, to = request.question.to_step;
  if (to != 0 && to < from) {
    return rpc::InvalidField("to_step", absl::StrCat("is ", to, ", before from_step ", from));
  }
  return absl::OkStatus();
}

absl::StatusOr<MetricsRequest> ReadRequest(const Call& call) {
  Parameters parameters(call.request.query);
  MetricsRequest request;
  FP4_ASSIGN_OR_RETURN(request.experiment, parameters.Text("experiment"));
  request.runs = parameters.All("run");
  request.question.names = parameters.All("name");
  FP4_ASSIGN_OR_RETURN(request.max_points, parameters.Integer("max_points", 0, 0, INT32_MAX));
  FP4_ASSIGN_OR_RETURN(request.buckets, parameters.Integer("buckets", 0, 0, kMaxBuckets));
  FP4_ASSIGN_OR_RETURN(request.question.from_step,
                       parameters.Integer("from_step", 0, 0, kMostSteps));
  FP4_ASSIGN_OR_RETURN(request.question.to_step, parameters.Integer("to_step", 0, 0, kMostSteps));
  FP4_ASSIGN_OR_RETURN(const std::string format, parameters.Text("format"));
  FP4_RETURN_IF_ERROR(parameters.Finish());
  request.csv = format == "csv";
  FP4_RETURN_IF_ERROR(CheckChoices(request, format));
  return request;
}

absl::StatusOr<std::vector<std::string>> KnownNames(store::Reader& reader,
                                                    const MetricsRequest& request) {
  if (!request.experiment.empty()) return reader.MetricNames(request.experiment);
  std::vector<std::string> names;
  for (const std::string& run : request.runs) {
    FP4_ASSIGN_OR_RETURN(const store::MetricsPage page,
                         reader.QueryMetrics({.run_id = run, .names = {}, .page_token = ""}));
    for (const store::SeriesRecord& series : page.series) names.push_back(series.name);
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// A name that no run has, of runs that have measured something, is most likely a typing error.
absl::Status CheckNames(store::Reader& reader, const MetricsRequest& request) {
  FP4_ASSIGN_OR_RETURN(const std::vector<std::string> known, KnownNames(reader, request));
  if (known.empty()) return absl::OkStatus();
  for (const std::string& name : request.question.names) {
    if (std::ranges::binary_search(known, name)) continue;
    return ErrorWithReason(
        absl::StatusCode::kNotFound, reason::kNotFound,
        absl::StrCat("no metric '", name, "' here", spec::SuggestionAndChoices(name, known)));
  }
  return absl::OkStatus();
}

void Downsample(int64_t max_points, store::CurveRecord& curve) {
  if (max_points == 0) return;
  std::vector<core::CurvePoint> points;
  points.reserve(curve.points.size());
  for (const store::Point& point : curve.points) points.push_back({point.step, point.value});
  std::vector<store::Point> kept;
  for (const size_t index : core::Downsample(points, static_cast<size_t>(max_points))) {
    kept.push_back(curve.points[index]);
  }
  curve.points = std::move(kept);
}

void AnswerPoints(Context& context, const CallPtr& call, const MetricsRequest& request) {
  const auto what = request.question.names.size() > 1 ? PointsOf::kRunsAndNames
                    : request.runs.size() == 1 && request.experiment.empty() ? PointsOf::kOneRun
                                                                             : PointsOf::kRuns;
  ReadCurves(
      context.store, request.question,
      [most = request.max_points](store::CurveRecord& curve) { Downsample(most, curve); },
      [call, what, csv = request.csv](const absl::StatusOr<Curves>& curves) {
        if (!curves.ok()) return Answer(*call, curves.status());
        Answer(*call, csv ? FileAnswer("text/csv; charset=utf-8", "metrics.csv", CurvesCsv(*curves))
                          : JsonAnswer(CurvesJson(*curves, what)));
      });
}

// The stretches of each curve are kept aside; its points are let go as soon as they are cut.
struct Cut {
  Mutex mutex;
  std::map<std::pair<std::string, std::string>, std::vector<core::CurveBucket>> buckets
      ABSL_GUARDED_BY(mutex);
};

void CutCurve(int64_t width, Cut& cut, store::CurveRecord& curve) {
  std::vector<core::CurvePoint> points;
  points.reserve(curve.points.size());
  for (const store::Point& point : curve.points) points.push_back({point.step, point.value});
  curve.points = {};
  std::vector<core::CurveBucket> buckets = core::CurveBuckets(points, width);
  MutexLock lock(cut.mutex);
  cut.buckets[{curve.run_id, curve.name}] = std::move(buckets);
}

std::vector<BucketedCurve> WithBuckets(const Curves& curves, Cut& cut) {
  std::vector<BucketedCurve> all;
  MutexLock lock(cut.mutex);
  for (const store::CurveRecord& curve : curves) {
    all.push_back({curve, std::move(cut.buckets[{curve.run_id, curve.name}])});
  }
  return all;
}

void AnswerBuckets(Context& context, const CallPtr& call, const MetricsRequest& request,
                   int64_t last_step) {
  const int64_t width = core::BucketWidth(
      request.question.from_step, std::max(request.question.from_step, last_step), request.buckets);
  auto cut = std::make_shared<Cut>();
  ReadCurves(
      context.store, request.question,
      [cut, width](store::CurveRecord& curve) { CutCurve(width, *cut, curve); },
      [call, cut, width](const absl::StatusOr<Curves>& curves) {
        if (!curves.ok()) return Answer(*call, curves.status());
        Answer(*call, JsonAnswer(BucketsJson(WithBuckets(*curves, *cut), width)));
      });
}

// Resolves ids, checks names and goes on.
absl::Status Begin(Context& context, const CallPtr& call, store::Reader& reader) {
  FP4_ASSIGN_OR_RETURN(MetricsRequest request, ReadRequest(*call));
  CurvesQuestion& question = request.question;
  if (!request.experiment.empty()) {
    FP4_ASSIGN_OR_RETURN(question.run_ids, reader.RunIdsOfExperiment(request.experiment));
  } else {
    FP4_ASSIGN_OR_RETURN(question.run_ids, reader.ResolveRunIds(request.runs));
  }
  if (question.names.empty()) {
    FP4_ASSIGN_OR_RETURN(const std::vector<std::string> names, KnownNames(reader, request));
    Answer(*call, JsonAnswer(wire::NamesJson(names)));
    return absl::OkStatus();
  }
  FP4_RETURN_IF_ERROR(CheckNames(reader, request));
  if (request.buckets == 0) {
    AnswerPoints(context, call, request);
    return absl::OkStatus();
  }
  int64_t last = question.to_step;
  if (last == 0) {
    FP4_ASSIGN_OR_RETURN(last, reader.LastStep(question.run_ids, question.names));
  }
  AnswerBuckets(context, call, request, last);
  return absl::OkStatus();
}

}  // namespace

void QueryMetrics(Context& context, const CallPtr& call) {
  context.store.Read([&context, call](store::Reader& reader) {
    const absl::Status status = Begin(context, call, reader);
    if (!status.ok()) Answer(*call, status);
  });
}

}  // namespace fp4::web
