// The text of a token: "fp4_ID_SECRET", ID 8 lower-case letters or digits, SECRET 64 hexadecimal
// digits: 256 random bits. The prefix makes it easy to find where it should not be.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fp4::access {

struct TokenText {
  std::string id, secret;
  std::string ToString() const;
};

// With a secret from the kernel's random numbers.
TokenText NewToken(std::string id);

// Nothing: it is none.
std::optional<TokenText> ParseToken(std::string_view text);

// As it is kept: a digest of the secret. Random bits need no slow hash.
std::string HashSecret(std::string_view secret);

// Takes as long wherever the first difference is (CRYPTO_memcmp).
bool SameInConstantTime(std::string_view a, std::string_view b);

// `num_bytes` from the kernel's random numbers, in hexadecimal digits.
std::string RandomHex(size_t num_bytes);

}  // namespace fp4::access
