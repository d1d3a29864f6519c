// Making one self-contained HTML file out of the texts in page/.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "numerics/analysis/histogram.h"
#include "numerics/format.h"

namespace fp4::numerics::tool {

using Values = std::vector<std::pair<std::string_view, std::string>>;

// `text` with each {{name}} replaced by its value; values are not searched again. A name without a
// value is a programmer's error.
std::string FillTemplate(std::string_view text, const Values& values);

// For element content and quoted attributes: &, <, >, quotes; control characters become U+FFFD.
std::string EscapeHtml(std::string_view text);

// For a <script> element: nothing in it can end the element. Broken UTF-8 becomes U+FFFD, numbers
// that are not finite null.
std::string ScriptJson(const nlohmann::ordered_json& json);

// For charts: six significant digits, which is more than a screen shows; null if not finite.
nlohmann::ordered_json ChartNumber(double value);

// The bins of a histogram in percent of all of its values.
nlohmann::ordered_json ChartShares(const analysis::Histogram& histogram);

// "%.4g", and "–" for what is not finite.
std::string ShortNumber(double value);
std::string ShapeText(MatrixShape shape);  // "512 × 512", which does not break

// The options that a format was given, as pairs of name and value ("block", "1x16 (default)").
std::vector<std::pair<std::string, std::string>> DescribeOptions(const FormatInfo& info,
                                                                 const QuantizeOptions& options);
// As list items.
std::string OptionItems(std::span<const std::pair<std::string, std::string>> options);

// The whole file. `body` is HTML; `script` runs with `data` and Chart.js.
std::string RenderPage(std::string_view title, std::string_view body,
                       const nlohmann::ordered_json& data, std::string_view script);

}  // namespace fp4::numerics::tool
