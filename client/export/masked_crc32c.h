#pragma once

#include <cstdint>
#include <string_view>

namespace fp4::client {

// The CRC-32C of `data` as TFRecord files store it, so that a CRC of data that holds CRCs stays a
// good one: rotated right by 15 bits, plus 0xA282EAD8 (tensorflow/core/lib/hash/crc32c.h).
uint32_t MaskedCrc32c(std::string_view data);

}  // namespace fp4::client
