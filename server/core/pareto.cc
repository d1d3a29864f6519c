#include "server/core/pareto.h"

#include <algorithm>
#include <cmath>

namespace fp4::core {

ParetoFront FindFront(const std::string& cost, const std::vector<CostedVariant>& variants,
                      metric::Better better) {
  const double sign = better == metric::Better::kLarger ? -1 : 1;
  std::vector<CostedVariant> known;
  for (const CostedVariant& variant : variants) {
    if (!std::isfinite(variant.value) || !std::isfinite(variant.cost)) continue;
    known.push_back({variant.name, sign * variant.value, variant.cost});
  }
  const auto beats = [](const CostedVariant& a, const CostedVariant& b) {
    return a.value <= b.value && a.cost <= b.cost && (a.value < b.value || a.cost < b.cost);
  };
  ParetoFront front{.cost = cost, .variants = {}, .dominated = {}};
  std::vector<CostedVariant> best;
  for (const CostedVariant& variant : known) {
    const bool beaten = std::ranges::any_of(
        known, [&](const CostedVariant& other) { return beats(other, variant); });
    if (beaten) {
      front.dominated.push_back(variant.name);
    } else {
      best.push_back(variant);
    }
  }
  std::ranges::stable_sort(best, {}, &CostedVariant::cost);
  for (const CostedVariant& variant : best) front.variants.push_back(variant.name);
  return front;
}

}  // namespace fp4::core
