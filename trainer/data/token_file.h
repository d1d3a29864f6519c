// Token files that other programs wrote: little-endian uint16 ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4::trainer {

// How much of a file's beginning says what it is, in bytes.
inline constexpr int64_t kTokenFileHead = 1024 + (1 << 17);

// Where the ids lie in a token file.
struct TokenFileLayout {
  int64_t offset = 0;  // in bytes
  int64_t num_tokens = 0;
};

// What a file of `size` bytes holds that begins with `head` (its first kTokenFileHead bytes, or all
// of it): ids from the first byte on, as nanoGPT writes its .bin files, or what follows the header
// of llm.c's (256 little-endian int32: magic 20240520, version 1, number of tokens).
// INVALID_ARGUMENT, naming `path`: an odd size, a header that disagrees with the size, 32-bit ids,
// by llm.c's magic or because every second 16-bit word is zero and most of the others are not.
// Pure.
absl::StatusOr<TokenFileLayout> ParseTokenFile(const std::string& path, std::string_view head,
                                               int64_t size);

}  // namespace fp4::trainer
