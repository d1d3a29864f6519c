#include "trainer/data/token_file.h"

#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

using testing::ElementsAre;

std::string Bytes(const std::vector<uint16_t>& ids) {
  return {reinterpret_cast<const char*>(ids.data()), 2 * ids.size()};
}

std::string LlmcHeader(std::vector<int32_t> words) {
  words.resize(256);
  return {reinterpret_cast<const char*>(words.data()), 1024};
}

absl::StatusOr<std::span<const uint16_t>> Parse(const std::string& bytes) {
  return ParseTokenFile("/d/x.bin", bytes);
}

TEST(ParseTokenFile, ReadsPlainLittleEndianIds) {
  const std::string bytes("\x01\x00\xff\xff\x00\x80", 6);
  EXPECT_THAT(*Parse(bytes), ElementsAre(1, 65535, 32768));
}

TEST(ParseTokenFile, SkipsTheHeaderOfLlmc) {
  const std::string bytes = LlmcHeader({20240520, 1, 3}) + Bytes({5, 6, 7});
  EXPECT_THAT(*Parse(bytes), ElementsAre(5, 6, 7));
}

TEST(ParseTokenFile, NoHeaderWithoutItsMagic) {
  EXPECT_EQ(Parse(LlmcHeader({20240519, 1, 3}) + Bytes({5, 6, 7}))->size(), 515u);
}

TEST(ParseTokenFile, RefusesWhatIsNotOne) {
  struct Row {
    std::string bytes, message;
  };
  const Row rows[] = {
      {"abc", "/d/x.bin: has 3 bytes"},
      {LlmcHeader({20240520, 1, 4}) + Bytes({5, 6, 7}),
       "version 1 and 4 tokens, but 3 tokens follow"},
      {LlmcHeader({20240520, 2, 3}) + Bytes({5, 6, 7}), "says version 2"},
      {LlmcHeader({20240520, 1, -1}), "-1 tokens"},
      {LlmcHeader({20240801, 7, 1}) + Bytes({5, 6}), "32-bit ids"},
  };
  for (const Row& row : rows)
    EXPECT_THAT(Parse(row.bytes), FailsWith(kInvalidArgument, row.message));
}

}  // namespace
}  // namespace fp4::trainer
