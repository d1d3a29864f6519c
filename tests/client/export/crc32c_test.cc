#include "client/export/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace fp4::client {
namespace {

// RFC 3720, appendix B.4, and the check value of the Rocksoft catalogue.
TEST(Crc32cTest, AgreesWithThePublishedValues) {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  const struct {
    std::string data;
    uint32_t expected;
  } cases[] = {{"", 0},
               {"123456789", 0xE3069283},
               {std::string(32, '\0'), 0x8A9136AA},
               {std::string(32, '\xFF'), 0x62A8AB43},
               {rising, 0x46DD794E}};
  for (const auto& c : cases) EXPECT_EQ(Crc32c(c.data), c.expected) << c.data.size();
}

// Of the first eight bytes of any TFRecord file whose first record has 24 bytes.
TEST(MaskedCrc32cTest, TurnsAndAdds) {
  const uint32_t crc = Crc32c("123456789");
  EXPECT_EQ(MaskedCrc32c("123456789"), ((crc >> 15) | (crc << 17)) + 0xA282EAD8u);
}

}  // namespace
}  // namespace fp4::client
