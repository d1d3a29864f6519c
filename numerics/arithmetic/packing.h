// Codes as they are stored: 1, 2 or 4 bits (several to a byte, odd tails padded with code 0), or 1,
// 2, 4 bytes (little-endian). bitsandbytes puts the first of two 4-bit codes into the high half of
// a byte, all others the low one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "numerics/format.h"

namespace fp4::numerics {

// Whether the first of two 4-bit codes goes into the high half of their byte.
inline bool HighNibbleFirst(ElementType type) {
  return type == ElementType::kFp4 || type == ElementType::kNf4;
}

// Bytes of `num_codes` codes of `bits` bits each, the last byte padded.
inline int64_t PackedBytes(int64_t num_codes, int bits) { return (num_codes * bits + 7) / 8; }

// `bits` is 1, 2, 4, 8, 16 or 32, and no code has more. `high_first` matters for 4 bits alone.
inline std::vector<uint8_t> PackCodes(std::span<const uint32_t> codes, int bits, bool high_first) {
  std::vector<uint8_t> bytes(
      static_cast<size_t>(PackedBytes(static_cast<int64_t>(codes.size()), bits)));
  for (size_t i = 0; i < codes.size(); ++i) {
    for (int bit = 0; bit < bits; bit += 8) {
      size_t position = i * static_cast<size_t>(bits) + static_cast<size_t>(bit);
      size_t shift = high_first ? 4 - position % 8 : position % 8;
      bytes[position / 8] |= static_cast<uint8_t>(codes[i] >> bit << shift);
    }
  }
  return bytes;
}

// Code `index` of what PackCodes made with the same `bits` and `high_first`.
inline uint32_t UnpackCode(std::span<const uint8_t> bytes, int64_t index, int bits,
                           bool high_first) {
  auto position = static_cast<size_t>(index) * static_cast<size_t>(bits);
  if (bits < 8) {
    size_t shift = high_first ? 4 - position % 8 : position % 8;
    return (bytes[position / 8] >> shift) & ((1u << bits) - 1);
  }
  uint32_t code = 0;
  for (int bit = 0; bit < bits; bit += 8)
    code |= static_cast<uint32_t>(bytes[position / 8 + static_cast<size_t>(bit / 8)]) << bit;
  return code;
}

}  // namespace fp4::numerics
