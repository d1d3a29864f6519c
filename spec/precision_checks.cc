#include "spec/precision_checks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace fp4::spec {
namespace {

bool ComputesOtherwise(const LayerPrecision& high, const std::vector<LayerPrecision>& table) {
  const auto own = std::ranges::find(table, high.layer, &LayerPrecision::layer);
  return !std::ranges::equal(own->gemms, high.gemms) || own->estimator != high.estimator;
}

// Whether some watched layer computes otherwise at some time than it would in `high`.
bool SwitchesSomething(const ResolvedPrecision& resolved) {
  return std::ranges::any_of(resolved.adaptive_high, [&resolved](const LayerPrecision& high) {
    return ComputesOtherwise(high, resolved.layers) ||
           std::ranges::any_of(resolved.phases, [&high](const PrecisionPhase& phase) {
             return ComputesOtherwise(high, phase.layers);
           });
  });
}

// Each watched layer goes to the precision `high` alone, also one of two that share a matrix.
void CheckShared(const ResolvedPrecision& resolved, Place place, const Path& path,
                 Problems& problems) {
  for (const LayerPrecision& high : resolved.adaptive_high) {
    for (const LayerPrecision& other : resolved.layers) {
      const bool tied = other.shares == high.layer || other.layer == high.shares;
      if (!tied || high.estimator == other.estimator) continue;
      problems.Add(place, path,
                   absl::StrCat("would freeze ", high.layer, ", which shares its matrix with ",
                                other.layer, "; set model.tie_embeddings to false"));
    }
  }
}

// The first window begins with the update from_step, which only remembers where the weights are.
void CheckWindow(const Node& section, const Path& path, const RunSpec& run, Problems& problems) {
  const DeOscillationSpec& window = run.de_oscillation;
  const int64_t first = std::max<int64_t>(window.from_step, 1);
  const bool only_evaluates = run.training.steps == 0;
  if (only_evaluates || first + window.period <= run.training.steps) return;
  problems.Add(section.place, path,
               absl::StrCat("has no window that ends: it would begin at update ", first,
                            " and take ", window.period, " updates more, beyond the ",
                            run.training.steps, " of training.steps"));
}

// Why two roundings of the same weight may differ; empty: they do not.
std::string_view WhyRoundingChanges(const LayerPrecision& layer) {
  const OperandPrecision& weight = layer.weight();
  if (!weight.quantized()) return "";
  if (weight.options.rounding == numerics::Rounding::kStochastic) return "rounds stochastically";
  if (layer.estimator == Estimator::kNoise) return "trains with noise";
  const bool random_signs =
      weight.options.signs.pattern == numerics::RotationSigns::Pattern::kRandom;
  return weight.options.hadamard != 0 && random_signs
             ? "is rotated by signs that are drawn for each micro-batch"
             : "";
}

}  // namespace

bool EverQuantized(const ResolvedPrecision& resolved, size_t layer) {
  return resolved.layers[layer].weight().quantized() ||
         std::ranges::any_of(resolved.phases, [layer](const PrecisionPhase& phase) {
           return phase.layers[layer].weight().quantized();
         });
}

void CheckAdaptive(const Node& section, const Path& path, const ResolvedPrecision& resolved,
                   Problems& problems) {
  if (resolved.adaptive_high.empty()) {
    problems.Add(section.place, path,
                 "watches no layer: neither precision.default nor a rule quantizes the weight "
                 "of one that it matches");
    return;
  }
  const Path high = path.Field("high");
  CheckShared(resolved, section.place, high, problems);
  if (SwitchesSomething(resolved)) return;
  problems.Add(section.place, high,
               absl::StrCat("is '", resolved.adaptive_high.front().recipe,
                            "', which computes what every layer that it watches computes "
                            "already"));
}

void CheckDeOscillation(const Node& section, const Path& path, const RunSpec& run,
                        const ResolvedPrecision& resolved, Problems& problems) {
  if (run.optimizer.masters == StoredDtype::kBf16)
    problems.Add(section.place, path, "needs fp32 masters; optimizer.masters is bf16");
  CheckWindow(section, path, run, problems);
  bool any = false;
  for (size_t i = 0; i < resolved.layers.size(); ++i) any = any || EverQuantized(resolved, i);
  if (!any) {
    problems.Add(section.place, path,
                 "has nothing to do: neither precision.default nor a rule quantizes a weight");
  }
  std::vector<LayerPrecision> tables = resolved.layers;
  for (const PrecisionPhase& phase : resolved.phases)
    tables.insert(tables.end(), phase.layers.begin(), phase.layers.end());
  for (const std::vector<LayerCandidate>& layer : resolved.budget.candidates.layers) {
    for (const LayerCandidate& candidate : layer) tables.push_back(candidate.row);
  }
  for (const LayerPrecision& layer : tables) {
    const std::string_view why = WhyRoundingChanges(layer);
    if (why.empty()) continue;
    problems.Add(section.place, path,
                 absl::StrCat("needs weights that are rounded to nearest, each time alike; ",
                              layer.layer, " ", std::string(why)));
    return;
  }
}

}  // namespace fp4::spec
