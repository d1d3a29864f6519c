// Which variants are worth their cost.
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/comparison.h"
#include "client/render/numbers.h"

namespace fp4::client {
namespace {

struct Cost {
  std::string_view name;  // v1::ParetoFront's
  std::string_view words;
  std::string (*text)(const v1::VariantComparison&);
};

constexpr Cost kCosts[] = {
    {"weight_bytes", "bytes of the weights (computed)",
     [](const v1::VariantComparison& v) { return FormatCount(v.weight_bytes()) + "B"; }},
    {"train_seconds", "time of training (measured)",
     [](const v1::VariantComparison& v) {
       return FormatInterval(absl::Seconds(v.train_seconds()));
     }},
    {"joules", "energy (measured)",
     [](const v1::VariantComparison& v) { return FormatCount(v.joules()) + "J"; }}};

const v1::VariantComparison* Find(const v1::CompareResponse& comparison, const std::string& name) {
  for (const v1::VariantComparison& variant : comparison.variants()) {
    if (variant.name() == name) return &variant;
  }
  return nullptr;
}

std::string RenderFront(const v1::CompareResponse& comparison, const v1::ParetoFront& front,
                        const Cost& cost) {
  std::vector<std::string> points;
  for (const std::string& name : front.variants()) {
    const v1::VariantComparison* variant = Find(comparison, name);
    if (variant == nullptr) continue;
    points.push_back(absl::StrCat(Printable(name), " (", cost.text(*variant), ", ",
                                  FormatFixed(variant->mean(), 4), ")"));
  }
  std::string text = absl::StrCat("Pareto front of ", comparison.metric(), " and ",
                                  std::string(cost.words), ": ", absl::StrJoin(points, ", "));
  if (front.dominated_size() > 0) {
    absl::StrAppend(&text,
                    "; beaten by these: ", Printable(absl::StrJoin(front.dominated(), ", ")));
  }
  return text;
}

}  // namespace

std::string RenderFronts(const v1::CompareResponse& comparison, const Layout& layout) {
  std::string text;
  for (const v1::ParetoFront& front : comparison.fronts()) {
    for (const Cost& cost : kCosts) {
      if (cost.name != front.cost()) continue;
      absl::StrAppend(&text, Wrapped(RenderFront(comparison, front, cost), layout.width, 2), "\n");
    }
  }
  return text;
}

}  // namespace fp4::client
