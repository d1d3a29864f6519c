#pragma once

#include <cstdint>
#include <string_view>

namespace fp4::client {

// The Castagnoli CRC of RFC 3720, appendix B.4: reflected polynomial 0x82F63B78. "123456789" gives
// 0xE3069283.
uint32_t Crc32c(std::string_view data);

// As TFRecord files store it, so that a CRC of data that holds CRCs stays a good one: rotated right
// by 15 bits, plus 0xA282EAD8 (tensorflow/core/lib/hash/crc32c.h).
uint32_t MaskedCrc32c(std::string_view data);

}  // namespace fp4::client
