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

// Where the runs are looked at and over what is averaged: "val/loss at the end of training\nmean
// over n seeds; difference to baseline, paired by seed".
std::string ComparisonPlace(const v1::CompareResponse& comparison);

}  // namespace fp4::client
