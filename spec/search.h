// The section "search" of a document.
#pragma once

#include <optional>
#include <vector>

#include "spec/document.h"
#include "spec/json.h"
#include "spec/problems.h"

namespace fp4::spec {

// What the section says, and everything that is wrong with it beyond what the definition of the
// document tells: an axis over a field that does not exist or does not take the values, a range
// upside down, asha over the steps themselves. Nothing when there is none. `merged` is the document
// without variants; `variants` are what it describes.
std::optional<SearchSpec> ReadSearch(const Node& merged, const std::vector<Variant>& variants,
                                     Problems& problems);

}  // namespace fp4::spec
