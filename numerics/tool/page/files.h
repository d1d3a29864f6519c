// The parts of the pages, compiled in from the files beside this one; the tool is one file.
#pragma once

#include <string_view>

namespace fp4::numerics::tool::page {

extern const std::string_view kPageHtml, kReportBodyHtml,
    kChartsBodyHtml;  // with {{name}}s to fill
extern const std::string_view kPageCss, kCommonJs, kReportJs, kChartsJs;
extern const std::string_view kChartJs, kChartLicenseTxt;  // Chart.js, of the system's package

}  // namespace fp4::numerics::tool::page
