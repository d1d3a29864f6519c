#pragma once

#include <string_view>

namespace fp4 {

// "0.1.0"
std::string_view Version();

// The commit that was built, with "+changes" when the tree had uncommitted ones; "unknown" outside
// a repository.
std::string_view GitRevision();

}  // namespace fp4
