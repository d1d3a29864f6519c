#pragma once

#include <string>

#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

struct ComparisonParts {
  bool pareto = false;  // the Pareto fronts too
};

// The table of `fp4ctl compare`: a row for each variant, then a sentence on each, the findings, the
// failures and the warnings.
std::string RenderComparison(const v1::CompareResponse& comparison, const std::string& title,
                             const ComparisonParts& parts, const Layout& layout);

// A line for each cost: which variants are worth it. Empty where no cost is known of two variants.
std::string RenderFronts(const v1::CompareResponse& comparison, const Layout& layout);

}  // namespace fp4::client
