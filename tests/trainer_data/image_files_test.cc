#include "trainer/data/image_files.h"

#include "tests/trainer_data/image_bytes.h"
#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

using Kind = ImageFileLayout::Kind;

absl::StatusOr<ImageFileLayout> Parse(const std::string& content) {
  return ParseImageFile("f", std::string_view(content).substr(0, kImageFileHead),
                        static_cast<int64_t>(content.size()));
}

TEST(ParseImageFile, KnowsFilesByTheirBytes) {
  struct Row {
    const char* what;
    std::string content;
    Kind kind;
    int64_t offset, count, channels, height, width;
  };
  const Row rows[] = {
      {"MNIST's images", IdxBytes(0x08, {3, 5, 4}), Kind::kIdxImages, 16, 3, 1, 5, 4},
      {"MNIST's labels", IdxBytes(0x08, {7}), Kind::kIdxLabels, 8, 7, 0, 0, 0},
      {"no images", IdxBytes(0x08, {0, 5, 4}), Kind::kIdxImages, 16, 0, 1, 5, 4},
      {"CIFAR-10", std::string(2 * 3073, '\5'), Kind::kCifar, 0, 2, 3, 32, 32},
      {"CIFAR-10 that begins as an idx file does",
       std::string("\0\0\x08\x01", 4) + std::string(3069, '\1'), Kind::kCifar, 0, 1, 3, 32, 32},
  };
  for (const Row& row : rows) {
    const auto layout = Parse(row.content);
    ASSERT_TRUE(layout.ok()) << row.what << ": " << layout.status();
    EXPECT_EQ(layout->kind, row.kind) << row.what;
    EXPECT_EQ(layout->offset, row.offset) << row.what;
    EXPECT_EQ(layout->count, row.count) << row.what;
    EXPECT_EQ(layout->channels, row.channels) << row.what;
    EXPECT_EQ(layout->height, row.height) << row.what;
    EXPECT_EQ(layout->width, row.width) << row.what;
  }
}

TEST(ParseImageFile, SaysWhatIsWrong) {
  std::string cut = IdxBytes(0x08, {3, 5, 4});
  cut.pop_back();
  // 2^31 x 2^31 x 4 values: their product is beyond 64 bits.
  const std::string huge("\0\0\x08\x03\x80\0\0\0\x80\0\0\0\0\0\0\4", 16);
  struct Row {
    std::string content;
    const char* error;
  };
  const Row rows[] = {
      {"", "f: is empty"},
      {"\x1f\x8b\x08 and so on", "f: is compressed by gzip; unpack it"},
      {"hello",
       "f: is neither an idx file (as MNIST's) nor a CIFAR-10 binary file: it has 5 bytes"},
      {std::string(3074, '\1'), "it has 3074 bytes, no multiple of 3073"},
      {cut, "f: its idx header says 3 x 5 x 4 bytes after the first 16, but it has 59"},
      {huge, "f: its idx header says 2147483648 x 2147483648 x 4 bytes"},
      {IdxBytes(0x0D, {3, 5, 4}, 4), "f: is an idx file of values of type 13; unsigned bytes"},
      {IdxBytes(0x08, {3, 5}), "f: is an idx file of 3 x 5 values; images have 3 dimensions"},
      {std::string("\0\0\x08", 3), "f: is neither"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(Parse(row.content), FailsWith(kInvalidArgument, row.error)) << row.error;
  }
}

}  // namespace
}  // namespace fp4::trainer
