// Token files that other programs wrote: little-endian uint16 ids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4::trainer {

// The tokens in a file's bytes (which must be 2-byte aligned): all of them as nanoGPT writes its
// .bin files, or what follows the header of llm.c's (256 little-endian int32: magic 20240520,
// version 1, number of tokens). INVALID_ARGUMENT, naming `path`: an odd size, a header that
// disagrees with the size, llm.c's files of 32-bit ids.
absl::StatusOr<std::span<const uint16_t>> ParseTokenFile(const std::string& path,
                                                         std::string_view bytes);

}  // namespace fp4::trainer
