#include "numerics/tool/page_parts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "numerics/block_format.h"
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
  list.emplace_back("block", options.block.empty()
                                 ? absl::StrCat(std::string(info.default_block), " (default)")
                                 : options.block);
  const bool stochastic = options.rounding == Rounding::kStochastic;
  list.emplace_back("rounding", stochastic ? "stochastic" : "nearest");
  if (options.scale_mode_set) list.emplace_back("scale mode", ScaleModeName(options.scale_mode));
  if (options.four_over_six != FourOverSix::kOff)
    list.emplace_back("four over six", options.four_over_six == FourOverSix::kMse ? "mse" : "mae");
  if (options.double_quantization) list.emplace_back("double quantization", "on");
  if (options.headroom != 0) list.emplace_back("headroom", ShortNumber(options.headroom));
  if (options.prescale != 1) list.emplace_back("prescale", ShortNumber(options.prescale));
  if (options.hadamard != 0) list.emplace_back("hadamard", absl::StrCat(options.hadamard));
  if (options.ms_eden) list.emplace_back("MS-EDEN", "on");
  if (stochastic || options.hadamard != 0) list.emplace_back("seed", absl::StrCat(options.seed));
  return list;
}

std::string OptionItems(std::span<const std::pair<std::string, std::string>> options) {
  std::string items;
  for (const auto& [name, value] : options)
    absl::StrAppend(&items, "<li><span>", EscapeHtml(name), "</span> ", EscapeHtml(value), "</li>");
  return items;
}

}  // namespace fp4::numerics::tool
