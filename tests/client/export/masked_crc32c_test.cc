#include "client/export/masked_crc32c.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"

namespace fp4::client {
namespace {

// Of the first eight bytes of any TFRecord file whose first record has 24 bytes.
TEST(MaskedCrc32cTest, TurnsAndAdds) {
  const uint32_t crc = Crc32c("123456789");
  EXPECT_EQ(MaskedCrc32c("123456789"), ((crc >> 15) | (crc << 17)) + 0xA282EAD8u);
}

}  // namespace
}  // namespace fp4::client
