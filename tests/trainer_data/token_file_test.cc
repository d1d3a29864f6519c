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

absl::StatusOr<TokenFileLayout> Layout(const std::string& bytes) {
  return ParseTokenFile("/d/x.bin", std::string_view(bytes).substr(0, kTokenFileHead),
                        static_cast<int64_t>(bytes.size()));
}

// The ids that the layout points to.
std::vector<uint16_t> Parse(const std::string& bytes) {
  const TokenFileLayout layout = *Layout(bytes);
  std::vector<uint16_t> ids(static_cast<size_t>(layout.num_tokens));
  std::memcpy(ids.data(), bytes.data() + layout.offset, 2 * ids.size());
  return ids;
}

TEST(ParseTokenFile, ReadsPlainLittleEndianIds) {
  const std::string bytes("\x01\x00\xff\xff\x00\x80", 6);
  EXPECT_THAT(Parse(bytes), ElementsAre(1, 65535, 32768));
}

TEST(ParseTokenFile, SkipsTheHeaderOfLlmc) {
  const std::string bytes = LlmcHeader({20240520, 1, 3}) + Bytes({5, 6, 7});
  EXPECT_THAT(Parse(bytes), ElementsAre(5, 6, 7));
}

TEST(ParseTokenFile, NoHeaderWithoutItsMagic) {
  EXPECT_EQ(Parse(LlmcHeader({20240519, 1, 3}) + Bytes({5, 6, 7})).size(), 515u);
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
    EXPECT_THAT(Layout(row.bytes), FailsWith(kInvalidArgument, row.message));
}

std::vector<uint16_t> Pairs(int count, uint16_t low, uint16_t high) {
  std::vector<uint16_t> words;
  for (int i = 0; i < count; ++i) words.insert(words.end(), {low, high});
  return words;
}

TEST(ParseTokenFile, SaysThatEverySecondWordIsZero) {
  const std::string as_32_bit = Bytes(Pairs(64, 17, 0));
  EXPECT_THAT(Layout(as_32_bit), FailsWith(kInvalidArgument, "/d/x.bin: every second 16-bit word"));
  EXPECT_THAT(Layout(LlmcHeader({20240520, 1, 128}) + as_32_bit),
              FailsWith(kInvalidArgument, "32-bit ids"));
  std::vector<uint16_t> long_file = Pairs(1 << 17, 17, 0);
  EXPECT_THAT(Layout(Bytes(long_file)), FailsWith(kInvalidArgument, "32-bit ids"));
}

TEST(ParseTokenFile, TakesZerosThatProveNothing) {
  std::vector<uint16_t> one_upper_half = Pairs(64, 17, 0);
  one_upper_half[5] = 1;
  std::vector<uint16_t> mostly_zero = Pairs(64, 0, 0);
  mostly_zero[0] = 9;
  for (const std::vector<uint16_t>& ids :
       {one_upper_half, mostly_zero, Pairs(63, 17, 0), Pairs(64, 0, 17), Pairs(64, 0, 0)}) {
    EXPECT_EQ(Parse(Bytes(ids)), ids);
  }
}

}  // namespace
}  // namespace fp4::trainer
