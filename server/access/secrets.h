// Finds what looks like a secret in a text that many people will read.
#pragma once

#include <optional>
#include <string_view>

namespace fp4::access {

struct FoundSecret {
  std::string_view kind;  // "a token of fp4lab", "a private key"
  size_t offset = 0;      // where it begins
  int line = 1, column = 1;
};

// The first one: our own tokens, private keys, and the tokens of others that have a form of their
// own. Pure.
std::optional<FoundSecret> FindSecret(std::string_view text);

}  // namespace fp4::access
