// The manual page of fp4ctl, made from the command line's own description, as its help pages and
// completion scripts are.
#pragma once

#include <string>
#include <vector>

#include "client/verb.h"

namespace fp4::client {

// The page as roff with the macros of man(7), in UTF-8. `shared`: the options that every verb has.
// Pure.
std::string ManualPage(const std::vector<Verb>& verbs, const std::vector<Option>& shared);

// A plain text of a help page as roff: paragraphs are filled, lines that begin with spaces stay as
// they are, `words in backquotes` are bold.
std::string RoffText(const std::string& text);

}  // namespace fp4::client
