// What fp4-quantize's own pages are made of, compiled in from the files beside this one.
#pragma once

#include <string_view>

namespace fp4::numerics::tool {

extern const std::string_view kReportBodyHtml, kChartsBodyHtml;  // with {{name}}s to fill
extern const std::string_view kReportJs, kChartsJs;              // what draws them

}  // namespace fp4::numerics::tool
