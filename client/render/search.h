// A search as people read it.
#pragma once

#include <string>

#include "client/render/table.h"
#include "fp4/v1/types.pb.h"

namespace fp4::client {

// A line of what it looks for and how far it is; a table of the trials with what they reported at
// the rungs, the best marked; then why trials were stopped, or failed.
std::string RenderSearch(const v1::Search& search, const Layout& layout);

}  // namespace fp4::client
