#include "client/export/masked_crc32c.h"

#include <bit>

#include "base/crc32c.h"

namespace fp4::client {
namespace {

constexpr uint32_t kMaskDelta = 0xA282EAD8;

}  // namespace

uint32_t MaskedCrc32c(std::string_view data) { return std::rotr(Crc32c(data), 15) + kMaskDelta; }

}  // namespace fp4::client
