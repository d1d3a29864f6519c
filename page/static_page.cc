#include "page/static_page.h"

#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "page/files.h"
#include "page/page.h"

namespace fp4::page {

std::string RenderStatic(const StaticPage& page) {
  return FillTemplate(kStaticPageHtml,
                      {{"title", EscapeHtml(page.title)},
                       {"style", absl::StrCat(std::string(kPageCss), std::string(kChartCss),
                                              std::string(kStaticPageCss))},
                       {"body", std::string(page.body)},
                       {"program", EscapeHtml(page.program)},
                       {"version", EscapeHtml(Version())}});
}

}  // namespace fp4::page
