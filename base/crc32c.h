#pragma once

#include <cstdint>
#include <string_view>

namespace fp4 {

// CRC-32C (Castagnoli; RFC 3720, B.4) of `data`, or, with the CRC of what comes before it, of both
// together.
uint32_t Crc32c(std::string_view data, uint32_t before = 0);

}  // namespace fp4
