#include "page/page.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "base/version.h"
#include "page/files.h"

namespace fp4::page {
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

std::string ShortNumber(double value) {
  return std::isfinite(value) ? absl::StrFormat("%.4g", value) : "–";
}

std::string Render(const Page& page) {
  return FillTemplate(kPageHtml, {{"title", EscapeHtml(page.title)},
                                  {"style", std::string(kPageCss)},
                                  {"body", std::string(page.body)},
                                  {"program", EscapeHtml(page.program)},
                                  {"version", EscapeHtml(Version())},
                                  {"data", ScriptJson(page.data)},
                                  {"chart_license", std::string(kChartLicenseTxt)},
                                  {"chart_js", std::string(kChartJs)},
                                  {"script", std::string(kCommonJs) + std::string(page.script)}});
}

}  // namespace fp4::page
