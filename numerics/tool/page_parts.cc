#include "numerics/tool/page_parts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "numerics/quantizer_options.h"
#include "page/page.h"

namespace fp4::numerics::tool {

using page::ChartNumber;
using page::EscapeHtml;
using page::ShortNumber;
using Json = nlohmann::ordered_json;

Json ChartShares(const analysis::Histogram& histogram) {
  Json shares = Json::array();
  const double percent = 100.0 / static_cast<double>(std::max<int64_t>(histogram.total, 1));
  for (const int64_t count : histogram.counts)
    shares.push_back(ChartNumber(static_cast<double>(count) * percent));
  return shares;
}

std::string ShapeText(MatrixShape shape) {
  return absl::StrCat(shape.rows, "\u00A0×\u00A0", shape.columns);
}

std::vector<std::pair<std::string, std::string>> DescribeOptions(const FormatInfo& info,
                                                                 const QuantizeOptions& options) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const QuantizerOption& option : QuantizerOptions()) {
    std::string value = option.value(options);
    if (value.empty()) value = option.usual;
    if (value.empty() && option.kind == OptionKind::kBlock)
      value = absl::StrCat(std::string(info.default_block), " (default)");
    if (value.empty()) continue;
    if (option.kind == OptionKind::kSwitch) value = "on";
    if (option.kind == OptionKind::kNumber) value = ShortNumber(option.number(options));
    list.emplace_back(option.label, value);
  }
  if (options.rounding == Rounding::kStochastic || options.hadamard != 0)
    list.emplace_back("seed", absl::StrCat(options.seed));
  return list;
}

std::string OptionItems(std::span<const std::pair<std::string, std::string>> options) {
  std::string items;
  for (const auto& [name, value] : options)
    absl::StrAppend(&items, "<li><span>", EscapeHtml(name), "</span> ", EscapeHtml(value), "</li>");
  return items;
}

}  // namespace fp4::numerics::tool
