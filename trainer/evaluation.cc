#include "trainer/evaluation.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/metric_names.h"
#include "base/status_macros.h"
#include "trainer/build.h"
#include "trainer/ending.h"
#include "trainer/measure/evaluate.h"
#include "trainer/measured_weights.h"

namespace fp4::trainer {
namespace {

struct Measured {
  const MeasuredWeights& weights;
  const Parts& parts;
  MetricValues values;
};

std::string NumberText(double value) {
  if (std::isfinite(value)) return absl::StrFormat("%.6g", value);
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

// What was measured on what, as (name, value).
std::vector<std::pair<std::string, std::string>> Circumstances(const Measured& measured) {
  const Parts& parts = measured.parts;
  return {{"weights", measured.weights.file},
          {"step", absl::StrCat(measured.weights.step)},
          {"experiment", parts.run.experiment_name},
          {"variant", parts.run.variant},
          {"seed", absl::StrCat(parts.run.seed)},
          {"device", parts.backend->device().str()},
          {"device_name", parts.backend->device_name()},
          {"compute_dtype", parts.manifest.compute_dtype},
          {"threads", absl::StrCat(parts.manifest.cpu_threads)},
          {"data_sha256", parts.manifest.data_sha256}};
}

void WriteJson(const Measured& measured, std::ostream& out) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : Circumstances(measured)) json[name] = value;
  json["step"] = measured.weights.step;
  json["seed"] = measured.parts.run.seed;
  json["threads"] = measured.parts.manifest.cpu_threads;
  json["values"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : measured.values) {
    if (std::isfinite(value)) {
      json["values"][name] = value;
    } else {
      json["values"][name] = NumberText(value);
    }
  }
  out << json.dump(2) << "\n";
}

void WriteText(const Measured& measured, std::ostream& out) {
  std::map<std::string, double> by_name(measured.values.begin(), measured.values.end());
  for (const auto& [name, value] : Circumstances(measured))
    out << absl::StrFormat("%-16s %s\n", name, value);
  out << "\n";
  for (const auto& [name, value] : measured.values) {
    if (!name.starts_with("quant/")) out << absl::StrFormat("%-16s %s\n", name, NumberText(value));
  }
  size_t width = 0;
  for (const QuantizedLayer* layer : measured.parts.model->layers())
    width = std::max(width, layer->name().size());
  bool headed = false;
  for (const QuantizedLayer* layer : measured.parts.model->layers()) {
    const auto error = by_name.find(metric::OfLayer(metric::kWeightError, layer->name()));
    const auto sqnr = by_name.find(metric::OfLayer(metric::kWeightSqnr, layer->name()));
    if (error == by_name.end() || sqnr == by_name.end()) continue;
    if (!headed)
      out << absl::StrFormat("\n%-*s %14s %14s\n", width, "layer", "weight_error", "sqnr_db");
    headed = true;
    out << absl::StrFormat("%-*s %14s %14s\n", width, layer->name(), NumberText(error->second),
                           NumberText(sqnr->second));
  }
}

}  // namespace

int EvaluateCheckpoint(const Options& options, const SelectedRun& selected, const StopCheck& stop,
                       std::ostream& out) {
  const auto measure = [&](Parts& parts,
                           const MeasuredWeights& weights) -> absl::StatusOr<std::string> {
    std::optional<MetricValues> values =
        Evaluate(*parts.model, *parts.task, parts.run.training.micro_batch_size, stop);
    if (!values) return Stopped();
    FP4_RETURN_IF_ERROR(parts.task->CheckData());
    const Measured measured{weights, parts, *std::move(values)};
    std::ostringstream text;
    options.json ? WriteJson(measured, text) : WriteText(measured, text);
    return text.str();
  };
  return MeasureWeights(options, selected, *options.evaluate, "--evaluate", stop, out, measure);
}

}  // namespace fp4::trainer
