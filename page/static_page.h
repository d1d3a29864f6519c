// A page without scripts, whose pictures are SVG (page/svg/): it may be sent, printed and archived.
// A Content-Security-Policy in it forbids scripts and every fetch. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace fp4::page {

struct StaticPage {
  std::string_view program;  // who made it, for the footer
  std::string_view title;    // plain text
  std::string_view body;     // HTML
};

// The whole file.
std::string RenderStatic(const StaticPage& page);

}  // namespace fp4::page
