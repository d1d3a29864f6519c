#include "client/plot/plot.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/metric_names.h"
#include "client/render/runs.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::vector<std::string> ids;
  std::string name;
  bool bands = false, log_x = false, log_y = false;
  int64_t height = 16;
};

constexpr int64_t kLeastHeight = 4, kMostHeight = 200;
// More than a terminal has dots across; extremes are kept when a curve is thinned.
constexpr int32_t kMaxPoints = 2000;

constexpr char kHelp[] = R"(
Draws a metric over steps: a curve for each run that is named, and for each run of each experiment. Runs of one
variant share a colour, or a letter where there are no colours, unless there is one variant alone. --bands draws the
mean over the seeds of each variant instead, and around it its 95 % interval (Student's t).

Examples:
  fp4ctl plot k7x2
  fp4ctl plot k7x2 --bands
  fp4ctl plot b2c3 d4e5 --name train/loss --log-x --log-y)";

absl::StatusOr<std::vector<v1::Run>> FindRuns(const std::vector<std::string>& ids,
                                              Connection& connection) {
  std::vector<v1::Run> runs;
  for (const std::string& id : ids) {
    FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(connection, id));
    for (v1::Run& run : target.runs()) runs.push_back(std::move(run));
  }
  return runs;
}

absl::StatusOr<Curve> ReadCurve(const v1::Run& run, const std::string& name,
                                Connection& connection) {
  v1::QueryMetricsRequest request;
  request.set_run_id(run.id());
  request.add_names(name);
  request.set_max_points(kMaxPoints);
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse response, connection.QueryMetrics(request));
  Curve curve{.label = absl::StrCat(RunLabel(run.variant(), run.seed()), " (", run.id(), ")"),
              .style = 0,
              .points = {}};
  for (const v1::Series& series : response.series()) {
    curve.points.insert(curve.points.end(), series.points().begin(), series.points().end());
  }
  return curve;
}

// Seeds of one variant look alike, unless there is nothing else to tell apart.
void SetStyles(const std::vector<v1::Run>& runs, std::vector<Curve>& curves) {
  std::map<std::pair<std::string, std::string>, int> styles;
  for (size_t i = 0; i < curves.size(); ++i) {
    const auto key = std::pair(runs[i].experiment_id(), runs[i].variant());
    curves[i].style = styles.emplace(key, static_cast<int>(styles.size())).first->second;
  }
  if (styles.size() > 1) return;
  for (size_t i = 0; i < curves.size(); ++i) curves[i].style = static_cast<int>(i);
}

// The runs of each variant as one curve: their mean and its interval.
std::vector<Curve> MeansOf(const std::vector<v1::Run>& runs, const std::vector<Curve>& curves) {
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<std::vector<std::vector<v1::Point>>> seeds;
  for (size_t i = 0; i < curves.size(); ++i) {
    const std::pair key(runs[i].experiment_id(), runs[i].variant());
    const auto found = std::ranges::find(keys, key);
    const auto at = static_cast<size_t>(found - keys.begin());
    if (found == keys.end()) {
      keys.push_back(key);
      seeds.emplace_back();
    }
    seeds[at].push_back(curves[i].points);
  }
  std::vector<Curve> means;
  for (size_t i = 0; i < keys.size(); ++i) {
    const size_t n = seeds[i].size();
    Curve curve{.label = absl::StrCat(keys[i].second, " (", keys[i].first, "), ", n,
                                      n == 1 ? " seed" : " seeds"),
                .style = static_cast<int>(i),
                .points = {},
                .band = MeanOverSeeds(seeds[i], kMaxPoints)};
    for (const MeanPoint& mean : curve.band) {
      v1::Point& point = curve.points.emplace_back();
      point.set_step(mean.step);
      point.set_value(mean.mean);
    }
    means.push_back(std::move(curve));
  }
  return means;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (context.json) {
    return WithExitCode(
        absl::InvalidArgumentError("a plot has no JSON form: see `fp4ctl metrics -o json`"),
        ExitCode::kUsage);
  }
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const std::vector<v1::Run> runs, FindRuns(options.ids, *connection));
  std::vector<Curve> curves;
  std::vector<v1::Run> drawn;
  for (const v1::Run& run : runs) {
    FP4_ASSIGN_OR_RETURN(Curve curve, ReadCurve(run, options.name, *connection));
    if (curve.points.empty()) continue;
    curves.push_back(std::move(curve));
    drawn.push_back(run);
  }
  if (options.bands) {
    curves = MeansOf(drawn, curves);
  } else {
    SetStyles(drawn, curves);
  }
  if (curves.empty()) {
    FP4_ASSIGN_OR_RETURN(const std::vector<std::string> names, MetricNames(runs, *connection));
    FP4_RETURN_IF_ERROR(CheckMetricName(options.name, names));
    context.err << "No values of '" << options.name << "' yet.\n";
    return ExitCode::kOk;
  }
  const PlotStyle style{
      .log_x = options.log_x, .log_y = options.log_y, .height = static_cast<int>(options.height)};
  FP4_ASSIGN_OR_RETURN(const std::string text,
                       RenderPlot(options.name, curves, style, LayoutOf(context)));
  context.out << text;
  return ExitCode::kOk;
}

}  // namespace

Verb PlotVerb() {
  auto options = std::make_shared<Options>();
  options->name = std::string(metric::kValLoss);
  return {.group = kExperimentGroup,
          .name = "plot",
          .summary = "Draw curves in the terminal",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->ids,
                       .help = "Runs and experiments",
                       .required = true},
                      {.names = "-n,--name", .target = &options->name, .help = "The metric"},
                      {.names = "--bands",
                       .target = &options->bands,
                       .help = "Means over seeds with their intervals"},
                      {.names = "--log-x", .target = &options->log_x, .help = "Logarithmic steps"},
                      {.names = "--log-y", .target = &options->log_y, .help = "Logarithmic values"},
                      {.names = "--height",
                       .target = &options->height,
                       .help = "Lines of the drawing",
                       .range = {kLeastHeight, kMostHeight}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
