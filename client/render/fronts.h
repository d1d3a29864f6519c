// Which variants are worth their cost.
#pragma once

#include <string>
#include <string_view>

#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

// A cost that a front may be about.
struct FrontCost {
  std::string_view name;   // v1::ParetoFront's
  std::string_view words;  // "bytes of the weights (computed)"
  double (*value)(const v1::VariantComparison& variant);
  std::string (*text)(double value);  // with its unit
};
// Null for a name that this program does not know.
const FrontCost* FindFrontCost(std::string_view name);

// Who is on the front, the cheapest first, and who is beaten.
std::string FrontSentence(const v1::CompareResponse& comparison, const v1::ParetoFront& front,
                          const FrontCost& cost);

// A line for each cost. Empty where no cost is known of two variants.
std::string RenderFronts(const v1::CompareResponse& comparison, const Layout& layout);

}  // namespace fp4::client
