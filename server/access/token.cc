#include "server/access/token.h"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/sha256.h"

namespace fp4::access {
namespace {

constexpr std::string_view kPrefix = "fp4_";
constexpr size_t kIdSize = 8, kSecretBytes = 32;
constexpr size_t kSize = kPrefix.size() + kIdSize + 1 + 2 * kSecretBytes;

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsHexDigit(char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9'); }

}  // namespace

std::string TokenText::ToString() const { return absl::StrCat("fp4_", id, "_", secret); }

TokenText NewToken(std::string id) { return {std::move(id), RandomHex(kSecretBytes)}; }

std::optional<TokenText> ParseToken(std::string_view text) {
  if (text.size() != kSize || !text.starts_with(kPrefix)) return std::nullopt;
  const std::string_view id = text.substr(kPrefix.size(), kIdSize);
  const std::string_view secret = text.substr(kPrefix.size() + kIdSize + 1);
  const bool fits = text[kPrefix.size() + kIdSize] == '_' &&
                    std::ranges::all_of(id, IsLowerOrDigit) &&
                    std::ranges::all_of(secret, IsHexDigit);
  if (!fits) return std::nullopt;
  return TokenText{std::string(id), std::string(secret)};
}

std::string HashSecret(std::string_view secret) { return Sha256Hex(secret); }

bool SameInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string RandomHex(size_t num_bytes) {
  std::string bytes(num_bytes, '\0');
  for (size_t filled = 0; filled < num_bytes;) {
    const ssize_t n = getrandom(bytes.data() + filled, num_bytes - filled, 0);
    if (n < 0 && errno != EINTR) std::abort();  // no kernel of ours is without
    if (n > 0) filled += static_cast<size_t>(n);
  }
  return absl::BytesToHexString(bytes);
}

}  // namespace fp4::access
