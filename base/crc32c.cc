#include "base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace fp4 {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reversed
constexpr int kSlices = 8;

// tables[k][b]: the CRC of byte b followed by k zero bytes.
constexpr std::array<std::array<uint32_t, 256>, kSlices> MakeTables() {
  std::array<std::array<uint32_t, 256>, kSlices> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (int slice = 1; slice < kSlices; ++slice) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[slice - 1][byte];
      tables[slice][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}
constexpr auto kTables = MakeTables();

static_assert(std::endian::native == std::endian::little);

}  // namespace

uint32_t Crc32c(std::string_view data, uint32_t before) {
  uint32_t crc = ~before;
  while (data.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, data.data(), sizeof(word));
    word ^= crc;
    crc = 0;
    for (int i = 0; i < kSlices; ++i) crc ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 0xff];
    data.remove_prefix(sizeof(word));
  }
  for (char c : data) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

}  // namespace fp4
