#include "client/render/fronts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/render/numbers.h"

namespace fp4::client {
namespace {

constexpr FrontCost kCosts[] = {
    {"weight_bytes", "bytes of the weights (computed)",
     [](const v1::VariantComparison& v) { return v.weight_bytes(); },
     [](double bytes) { return FormatCount(bytes) + "B"; }},
    {"train_seconds", "time of training (measured)",
     [](const v1::VariantComparison& v) { return v.train_seconds(); },
     [](double seconds) { return FormatInterval(absl::Seconds(seconds)); }},
    {"joules", "energy (measured)", [](const v1::VariantComparison& v) { return v.joules(); },
     [](double joules) { return FormatCount(joules) + "J"; }}};

const v1::VariantComparison* Find(const v1::CompareResponse& comparison, const std::string& name) {
  for (const v1::VariantComparison& variant : comparison.variants()) {
    if (variant.name() == name) return &variant;
  }
  return nullptr;
}

}  // namespace

const FrontCost* FindFrontCost(std::string_view name) {
  for (const FrontCost& cost : kCosts) {
    if (cost.name == name) return &cost;
  }
  return nullptr;
}

std::string FrontSentence(const v1::CompareResponse& comparison, const v1::ParetoFront& front,
                          const FrontCost& cost) {
  std::vector<std::string> points;
  for (const std::string& name : front.variants()) {
    const v1::VariantComparison* variant = Find(comparison, name);
    if (variant == nullptr) continue;
    points.push_back(absl::StrCat(Printable(name), " (", cost.text(cost.value(*variant)), ", ",
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

std::string RenderFronts(const v1::CompareResponse& comparison, const Layout& layout) {
  std::string text;
  for (const v1::ParetoFront& front : comparison.fronts()) {
    const FrontCost* cost = FindFrontCost(front.cost());
    if (cost == nullptr) continue;
    absl::StrAppend(&text, Wrapped(FrontSentence(comparison, front, *cost), layout.width, 2), "\n");
  }
  return text;
}

}  // namespace fp4::client
