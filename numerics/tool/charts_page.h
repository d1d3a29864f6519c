// The page of --charts: formats side by side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "numerics/analysis/format_charts.h"
#include "numerics/tool/output.h"

namespace fp4::numerics::tool {

// A complete HTML file; equal arguments give equal bytes.
std::string RenderCharts(const analysis::FormatCharts& charts, uint64_t seed);

// What was measured of the generated weight, one for each format, under its label. They refer to
// `charts`.
std::vector<Result> ChartResults(const analysis::FormatCharts& charts);

}  // namespace fp4::numerics::tool
