// What the pages of fp4-quantize share beyond the engine in page/: how shapes, histograms and the
// options of a format are shown.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "numerics/analysis/histogram.h"
#include "numerics/format.h"

namespace fp4::numerics::tool {

// The bins of a histogram in percent of all of its values.
nlohmann::ordered_json ChartShares(const analysis::Histogram& histogram);

std::string ShapeText(MatrixShape shape);  // "512 × 512", which does not break

// The options that a format was given, as pairs of name and value ("block", "1x16 (default)").
std::vector<std::pair<std::string, std::string>> DescribeOptions(const FormatInfo& info,
                                                                 const QuantizeOptions& options);
// As list items.
std::string OptionItems(std::span<const std::pair<std::string, std::string>> options);

}  // namespace fp4::numerics::tool
