#pragma once

#include <string>
#include <string_view>

namespace fp4::client {

// The lines of two texts in `diff -u`'s form, with three lines of context around each change and
// the names in front; empty when the texts are equal. Pure. Where more than five million pairs of
// lines would have to be compared, what lies between the equal beginnings and ends counts as
// replaced as a whole.
std::string UnifiedDiff(std::string_view name_a, std::string_view a, std::string_view name_b,
                        std::string_view b);

}  // namespace fp4::client
