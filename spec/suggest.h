// What someone may have meant by a name that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fp4::spec {

// The number of insertions, deletions, replacements and swaps of neighbours that make `b` of `a`,
// upper and lower case being equal.
int EditDistance(std::string_view a, std::string_view b);

// The nearest of `choices`, when it is near enough to be meant: at most one edit per three
// characters, or the only one that contains it. Empty: none.
std::string Nearest(std::string_view wrong, std::span<const std::string> choices);

// "; did you mean 'fp4'; allowed: baseline, fp4": the end of a message. A long list is cut.
std::string SuggestionAndChoices(std::string_view wrong, std::span<const std::string> choices);

}  // namespace fp4::spec
