#include "numerics/tool/page.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/version.h"
#include "numerics/block_format.h"
#include "numerics/tool/page/files.h"

namespace fp4::numerics::tool {
namespace {

using Json = nlohmann::ordered_json;

const std::string& Find(const Values& values, std::string_view name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  std::abort();
}

}  // namespace

std::string FillTemplate(std::string_view text, const Values& values) {
  std::string filled;
  while (true) {
    const size_t begin = text.find("{{");
    if (begin == text.npos) break;
    const size_t end = text.find("}}", begin);
    if (end == text.npos) std::abort();
    filled.append(text.substr(0, begin));
    filled.append(Find(values, text.substr(begin + 2, end - begin - 2)));
    text.remove_prefix(end + 2);
  }
  filled.append(text);
  return filled;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
          escaped += "\uFFFD";
        else
          escaped += c;
    }
  }
  return escaped;
}

std::string ScriptJson(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<')  // stands in strings only
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

Json ChartNumber(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(absl::StrFormat("%.6g", value).c_str(), nullptr);
}

Json ChartShares(const analysis::Histogram& histogram) {
  Json shares = Json::array();
  const double percent = 100.0 / static_cast<double>(std::max<int64_t>(histogram.total, 1));
  for (const int64_t count : histogram.counts)
    shares.push_back(ChartNumber(static_cast<double>(count) * percent));
  return shares;
}

std::string ShortNumber(double value) {
  return std::isfinite(value) ? absl::StrFormat("%.4g", value) : "–";
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

std::string RenderPage(std::string_view title, std::string_view body, const Json& data,
                       std::string_view script) {
  return FillTemplate(page::kPageHtml,
                      {{"title", EscapeHtml(title)},
                       {"style", std::string(page::kPageCss)},
                       {"body", std::string(body)},
                       {"version", EscapeHtml(Version())},
                       {"data", ScriptJson(data)},
                       {"chart_license", std::string(page::kChartLicenseTxt)},
                       {"chart_js", std::string(page::kChartJs)},
                       {"script", std::string(page::kCommonJs) + std::string(script)}});
}

}  // namespace fp4::numerics::tool
