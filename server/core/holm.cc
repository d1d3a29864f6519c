#include "server/core/holm.h"

#include <algorithm>
#include <cstddef>
#include <set>

namespace fp4::core {
namespace {

struct Hypothesis {
  size_t variant = 0;
  std::optional<double> VariantTests::*test = nullptr;
  double p = 0;
};

}  // namespace

std::vector<VariantTests> AdjustForAll(std::span<const VariantTests> tests) {
  std::vector<Hypothesis> sorted;
  for (size_t i = 0; i < tests.size(); ++i) {
    for (auto test : {&VariantTests::p_difference, &VariantTests::p_margin}) {
      if (tests[i].*test) sorted.push_back({i, test, *(tests[i].*test)});
    }
  }
  std::ranges::stable_sort(sorted, {}, &Hypothesis::p);
  std::vector<VariantTests> adjusted(tests.size());
  double largest = 0;
  for (size_t j = 0; j < sorted.size(); ++j) {
    std::set<size_t> open;
    for (size_t i = j; i < sorted.size(); ++i) open.insert(sorted[i].variant);
    largest = std::max(largest, std::min(1.0, sorted[j].p * static_cast<double>(open.size())));
    adjusted[sorted[j].variant].*sorted[j].test = largest;
  }
  return adjusted;
}

int CountOpen(std::span<const VariantTests> adjusted, double alpha) {
  const auto open = [&](const std::optional<double>& p) { return p && *p >= alpha; };
  return static_cast<int>(std::ranges::count_if(adjusted, [&](const VariantTests& tests) {
    return open(tests.p_difference) || open(tests.p_margin);
  }));
}

}  // namespace fp4::core
