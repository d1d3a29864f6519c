// The parts that every page is made of, compiled in from the files beside this one: a program is
// one file, and its pages fetch nothing.
#pragma once

#include <string_view>

namespace fp4::page {

extern const std::string_view kPageHtml;  // the frame, with {{name}}s to fill
extern const std::string_view kPageCss;   // the theme, light and dark
extern const std::string_view kCommonJs;  // colours, number formats, axes and charts
extern const std::string_view kStaticPageHtml, kStaticPageCss;  // the frame without scripts
extern const std::string_view kChartCss;                        // how pictures of page/svg/ look
extern const std::string_view kChartJs, kChartLicenseTxt;       // Chart.js, of the system's package

}  // namespace fp4::page
