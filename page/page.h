// The engine of every HTML page and report: one self-contained file out of a template, a theme,
// charts and data. Knows nothing of what the pages are about. Every function is pure and
// thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fp4::page {

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

// "%.4g", and "–" for what is not finite.
std::string ShortNumber(double value);

// A page before it is rendered.
struct Page {
  std::string_view program;     // who made it, for the footer
  std::string_view title;       // plain text
  std::string_view body;        // HTML
  nlohmann::ordered_json data;  // what the scripts find as `data`
  std::string_view script;      // runs after common.js, with `data` and Chart.js
};

// The whole file: one document that fetches nothing.
std::string Render(const Page& page);

}  // namespace fp4::page
