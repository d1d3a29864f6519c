#include "client/export/crc32c.h"

#include <array>
#include <bit>

namespace fp4::client {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78, kMaskDelta = 0xA282EAD8;

// What each byte adds to the remainder.
constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

}  // namespace

uint32_t Crc32c(std::string_view data) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : data) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

uint32_t MaskedCrc32c(std::string_view data) { return std::rotr(Crc32c(data), 15) + kMaskDelta; }

}  // namespace fp4::client
