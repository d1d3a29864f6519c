#pragma once

#include <string>

#include "client/report/content.h"

namespace fp4::client::report {

// One whole file: light and dark, for screens, phones and paper, without scripts. Pure.
std::string RenderHtml(const Report& report);

}  // namespace fp4::client::report
