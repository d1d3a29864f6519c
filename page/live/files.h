// The live page's files, compiled in. server/web/site.cc serves them.
#pragma once

#include <string_view>

namespace fp4::page::live {

extern const std::string_view kIndexHtml;  // with {{assets}}, the folder of the others
extern const std::string_view kAppJs, kStyleCss, kIconSvg;

}  // namespace fp4::page::live
