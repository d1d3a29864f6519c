#include "client/report/read.h"

#include <algorithm>

#include "base/metric_names.h"
#include "base/status_macros.h"
#include "client/render/layer_metrics.h"
#include "client/scores.h"
#include "spec/json.h"

namespace fp4::client::report {
namespace {

// Of a curve. What is thinned keeps its extremes, so that its mean over seeds is no mean and their
// interval too wide: runs of usual length come whole, and only long ones are thinned.
constexpr int32_t kMostCurvePoints = 20'000;
constexpr int32_t kMostLayerPoints = 120;
constexpr size_t kMostLayerVariants = 8;
// The statistics that the report shows; the others of a layer are not asked for.
constexpr std::string_view kLayerMetrics[] = {
    metric::kWeightRelativeError, metric::kActivationRelativeError, metric::kGradientRelativeError};

absl::StatusOr<std::vector<v1::Series>> ReadSeries(const std::string& run,
                                                   const std::vector<std::string>& names,
                                                   int32_t max_points, Connection& connection) {
  std::vector<v1::Series> series;
  if (names.empty()) return series;
  v1::QueryMetricsRequest request;
  request.set_run_id(run);
  for (const std::string& name : names) request.add_names(name);
  request.set_max_points(max_points);
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse response, connection.QueryMetrics(request));
  for (const v1::Series& one : response.series()) {
    if (one.points_size() > 0) series.push_back(one);
  }
  return series;
}

std::vector<std::string> LayerMetricsOf(const v1::Run& run) {
  std::vector<std::string> names;
  for (const v1::Value& value : run.latest()) {
    const std::string layer = LayerOfMetric(value.name());
    if (layer.empty()) continue;
    const bool wanted = std::ranges::any_of(kLayerMetrics, [&](std::string_view metric) {
      return value.name() == metric::OfLayer(metric, layer);
    });
    if (wanted) names.push_back(value.name());
  }
  return names;
}

absl::Status ReadRuns(Data& data, Connection& connection) {
  std::vector<std::string> names = {data.comparison.metric()};
  if (names[0] != metric::kTrainLoss) names.emplace_back(metric::kTrainLoss);
  for (const v1::Run& run : data.experiment.runs()) {
    RunData one;
    FP4_ASSIGN_OR_RETURN(one.run, connection.GetRun(run.id()));
    FP4_ASSIGN_OR_RETURN(one.curves, ReadSeries(run.id(), names, kMostCurvePoints, connection));
    data.runs.push_back(std::move(one));
  }
  return absl::OkStatus();
}

// A completed run of the variant that has such numbers, else any; null: none.
const v1::Run* LayerRunOf(const Data& data, const std::string& variant) {
  const v1::Run* found = nullptr;
  for (const RunData& one : data.runs) {
    if (one.run.variant() != variant || LayerMetricsOf(one.run).empty()) continue;
    if (one.run.state() == v1::RUN_STATE_COMPLETED) return &one.run;
    if (found == nullptr) found = &one.run;
  }
  return found;
}

// As the trainer listed them.
std::vector<std::string> LayerOrder(const std::string& started_json) {
  const spec::ParsedJson started = spec::ParseJson(started_json);
  std::vector<std::string> names;
  const spec::Node* layers = started.root.Find("layers");
  if (layers == nullptr) return names;
  for (const spec::Node& layer : layers->items) {
    if (const spec::Node* name = layer.Find("layer")) names.push_back(name->text);
  }
  return names;
}

absl::Status ReadLayers(Data& data, Connection& connection) {
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    if (data.layers.size() == kMostLayerVariants) break;
    const v1::Run* run = LayerRunOf(data, variant.name());
    if (run == nullptr) continue;
    LayerData layers{.variant = variant.name(),
                     .seed = run->seed(),
                     .order = LayerOrder(run->started_json()),
                     .series = {}};
    FP4_ASSIGN_OR_RETURN(layers.series,
                         ReadSeries(run->id(), LayerMetricsOf(*run), kMostLayerPoints, connection));
    data.layers.push_back(std::move(layers));
  }
  return absl::OkStatus();
}

bool MeasuresScores(const v1::Run& run) {
  const spec::ParsedJson document = spec::ParseJson(run.resolved_document());
  if (document.root.Find("sensitivity") != nullptr) return true;
  const spec::Node* precision = document.root.Find("precision");
  return precision != nullptr && precision->Find("budget") != nullptr;
}

// Of the first run of each variant that has any.
absl::Status ReadAllScores(Data& data, Connection& connection) {
  for (const v1::VariantComparison& variant : data.comparison.variants()) {
    if (data.scores.size() == kMostLayerVariants) break;
    for (const RunData& one : data.runs) {
      if (one.run.variant() != variant.name() || !MeasuresScores(one.run)) continue;
      FP4_ASSIGN_OR_RETURN(std::vector<spec::ScoreTable> tables,
                           ReadScores(one.run.id(), connection));
      if (tables.empty()) continue;
      data.scores.push_back({variant.name(), one.run.seed(), std::move(tables)});
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Data> ReadData(const std::string& experiment, const ComparisonOptions& options,
                              Connection& connection) {
  Data data;
  FP4_ASSIGN_OR_RETURN(data.experiment, connection.GetExperiment(experiment));
  FP4_ASSIGN_OR_RETURN(data.comparison, AskComparison(data.experiment.id(), options, connection));
  FP4_RETURN_IF_ERROR(ReadRuns(data, connection));
  FP4_RETURN_IF_ERROR(ReadLayers(data, connection));
  FP4_RETURN_IF_ERROR(ReadAllScores(data, connection));
  data.made = absl::Now();
  return data;
}

}  // namespace fp4::client::report
