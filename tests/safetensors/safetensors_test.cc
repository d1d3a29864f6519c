#include "safetensors/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/sha256.h"

namespace fp4::safetensors {
namespace {

using ::testing::HasSubstr;

class SafetensorsTest : public testing::Test {
 protected:
  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / ("safetensors-" + std::to_string(getpid()));
  ~SafetensorsTest() override { std::filesystem::remove(path_); }

  void WriteRaw(uint64_t length, std::string_view header, size_t data_bytes) {
    std::ofstream out(path_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), 8);
    out << header << std::string(data_bytes, '\1');
  }
};

TEST_F(SafetensorsTest, WhatIsWrittenReadsBack) {
  float weights[] = {1.5f, -2.0f, 0.25f, 7.0f, 0.0f, -0.0f};
  int64_t step = 42;
  uint8_t flags[] = {1, 2, 3};
  std::vector<TensorView> tensors = {
      {"flags", TensorType::kU8, {3}, std::as_bytes(std::span(flags))},
      {"step", TensorType::kI64, {}, std::as_bytes(std::span(&step, 1))},
      {"w", TensorType::kF32, {2, 3}, std::as_bytes(std::span(weights))},
  };

  auto written = Write(path_, tensors, {{"step", "42"}});
  ASSERT_TRUE(written.ok()) << written.status();
  auto file = File::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();

  EXPECT_EQ(written->bytes, static_cast<int64_t>(std::filesystem::file_size(path_)));
  EXPECT_EQ(written->sha256, *Sha256HexOfFile(path_));
  EXPECT_EQ(file->metadata().at("step"), "42");
  ASSERT_EQ(file->tensors().size(), 3u);
  const TensorView* w = file->Find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(w->data.data()), w->data.size()),
            std::string_view(reinterpret_cast<const char*>(weights), sizeof weights));
  EXPECT_TRUE(file->Find("step")->shape.empty());
  EXPECT_EQ(file->Find("absent"), nullptr);
}

TEST_F(SafetensorsTest, TheOrderOfTensorsDoesNotChangeTheBytes) {
  float a = 1, b = 2;
  TensorView first{"a", TensorType::kF32, {1}, std::as_bytes(std::span(&a, 1))};
  TensorView second{"b", TensorType::kF32, {1}, std::as_bytes(std::span(&b, 1))};

  auto forward = Write(path_, {first, second}, {});
  auto backward = Write(path_, {second, first}, {});

  EXPECT_EQ(forward->sha256, backward->sha256);
}

struct BrokenHeader {
  const char* header;
  size_t data_bytes;
  const char* message;
};

class BrokenSafetensorsTest : public SafetensorsTest,
                              public testing::WithParamInterface<BrokenHeader> {};

TEST_P(BrokenSafetensorsTest, IsRefusedWithTheReason) {
  WriteRaw(std::strlen(GetParam().header), GetParam().header, GetParam().data_bytes);
  auto file = File::Open(path_);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(file.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Headers, BrokenSafetensorsTest,
    testing::Values(
        BrokenHeader{"{", 0, "not JSON"}, BrokenHeader{"[]", 0, "not a JSON object"},
        BrokenHeader{
            R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
            4, "comes twice"},
        BrokenHeader{R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4,
                     "has the dtype 7, which is not a text"},
        BrokenHeader{R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", 2, "do not give"},
        BrokenHeader{R"({"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,4]}})", 4,
                     "do not give"},
        BrokenHeader{
            R"({"a":{"dtype":"F99","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
            "do not give"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4,
                     "not a list of sizes"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4,
                     "not a list of sizes"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "do not give"},
        BrokenHeader{
            R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
            "do not give"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4,
                     "lies at 4..0"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 4,
                     "lies at 4..8"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8,
                     "gap or overlap at byte 0"},
        BrokenHeader{
            R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
            4, "gap or overlap at byte 4"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 6,
                     "2 bytes at the end"},
        BrokenHeader{R"({"a":{"dtype":"F32","shape":[1]}})", 4,
                     "needs dtype, shape and data_offsets"},
        BrokenHeader{R"({"__metadata__":{"a":1}})", 0, "__metadata__.a is not a text"}));

// Types that later versions of the format added, beside one that everybody knows.
TEST_F(SafetensorsTest, NewerTypesAreReadAndUnknownOnesNamed) {
  constexpr std::string_view kHeader =
      R"({"c":{"dtype":"C64","shape":[1],"data_offsets":[12,20]},)"
      R"("new":{"dtype":"F3_NEW","shape":[5,2],"data_offsets":[22,25]},)"
      R"("s":{"dtype":"F8_E8M0","shape":[2],"data_offsets":[20,22]},)"
      R"("six":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[6,9]},)"
      R"("w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("four":{"dtype":"F4","shape":[2,2],"data_offsets":[4,6]},)"
      R"("z":{"dtype":"F8_E4M3FNUZ","shape":[3],"data_offsets":[9,12]}})";
  WriteRaw(kHeader.size(), kHeader, 25);
  const absl::StatusOr<File> file = File::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  std::string read;
  for (const TensorView& tensor : file->tensors())
    absl::StrAppend(&read, tensor.name, " ", std::string(tensor.type_name()), " ",
                    tensor.num_elements(), "; ");
  EXPECT_EQ(read,
            "c C64 1; four F4 4; new F3_NEW 10; s F8_E8M0 2; six F6_E3M2 4; w F32 1; "
            "z F8_E4M3FNUZ 3; ");
  EXPECT_EQ(file->Find("new")->type, TensorType::kUnknown);
}

TEST_F(SafetensorsTest, WhatIsReadIsWrittenBackWhateverItsType) {
  constexpr std::string_view kHeader =
      R"({"four":{"dtype":"F4","shape":[2,2],"data_offsets":[0,2]},)"
      R"("new":{"dtype":"F3_NEW","shape":[5,2],"data_offsets":[2,5]}})";
  WriteRaw(kHeader.size(), kHeader, 5);
  const std::filesystem::path copy = path_.string() + "-copy";
  ASSERT_TRUE(Write(copy, File::Open(path_)->tensors(), {}).ok());
  const absl::StatusOr<File> file = File::Open(copy);
  std::filesystem::remove(copy);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->Find("new")->type_name(), "F3_NEW");
  EXPECT_EQ(file->Find("new")->data.size(), 3u);
  EXPECT_EQ(file->Find("four")->type, TensorType::kF4);
}

// Every type of the table is found under its name.
TEST(TensorTypeTest, NamesAreFound) {
  for (int i = 0; i < static_cast<int>(TensorType::kUnknown); ++i) {
    const auto type = static_cast<TensorType>(i);
    EXPECT_EQ(FindTensorType(TensorTypeName(type)), type);
    EXPECT_GT(TensorTypeBits(type), 0);
  }
  EXPECT_EQ(FindTensorType("unknown"), TensorType::kUnknown);
  EXPECT_EQ(FindTensorType("f32"), TensorType::kUnknown);
}

double SecondsToOpen(const std::filesystem::path& path, int num_tensors) {
  std::string header = "{";
  for (int i = 0; i < num_tensors; ++i) {
    absl::StrAppend(&header, i == 0 ? "" : ",", "\"layers.", i,
                    R"(.weight":{"dtype":"BF16","shape":[2],"data_offsets":[)", 4 * i, ",",
                    4 * i + 4, "]}");
  }
  header += "}";
  std::vector<std::byte> data(static_cast<size_t>(num_tensors) * 4);
  const uint64_t length = header.size();
  {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header;
    out.write(reinterpret_cast<const char*>(data.data()),
              static_cast<std::streamsize>(data.size()));
  }
  const std::clock_t begin = std::clock();
  const absl::StatusOr<File> file = File::Open(path);
  const std::clock_t end = std::clock();
  EXPECT_TRUE(file.ok() && file->tensors().size() == static_cast<size_t>(num_tensors));
  return static_cast<double>(end - begin) / CLOCKS_PER_SEC;
}

// Eight times as many tensors: eight times as long and a little more, not 64 times. In time of the
// processor, so that a busy machine changes little.
TEST_F(SafetensorsTest, ManyTensorsTakeTimeInProportion) {
  const double few = SecondsToOpen(path_, 5'000);
  const double many = SecondsToOpen(path_, 40'000);
  EXPECT_LT(many, 24 * few + 0.05);
}

TEST_F(SafetensorsTest, HeaderLongerThanTheFileIsRefused) {
  WriteRaw(1'000'000, "{}", 0);
  EXPECT_THAT(std::string(File::Open(path_).status().message()),
              HasSubstr("a header of 1000000 bytes"));
}

TEST_F(SafetensorsTest, DeepNestingIsRefused) {
  constexpr size_t kDepth = 200'000;
  const std::string header = R"({"a":{"dtype":)" + std::string(kDepth, '[') +
                             std::string(kDepth, ']') + R"(,"shape":[],"data_offsets":[0,4]}})";
  WriteRaw(header.size(), header, 4);
  EXPECT_THAT(std::string(File::Open(path_).status().message()), HasSubstr("nests deeper than 4"));
}

TEST_F(SafetensorsTest, FileThatIsTooShortIsRefused) {
  std::ofstream(path_) << "abc";
  EXPECT_THAT(std::string(File::Open(path_).status().message()), HasSubstr("has 3 bytes"));
}

TEST_F(SafetensorsTest, EmptyTensorsAreTensors) {
  auto written = Write(path_, {{"none", TensorType::kF32, {0, 4}, {}}}, {});
  ASSERT_TRUE(written.ok());
  auto file = File::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->Find("none")->num_elements(), 0);
}

}  // namespace
}  // namespace fp4::safetensors
