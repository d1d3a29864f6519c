#pragma once

#include <string>

#include "client/report/content.h"

namespace fp4::client::report {

// GitHub's Markdown, for a pull request: sentences, tables and folded texts, no pictures. What
// names bring along that Markdown or HTML would act upon is escaped. Pure.
std::string RenderMarkdown(const Report& report);

}  // namespace fp4::client::report
