#include "safetensors/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

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
  EXPECT_EQ(std::memcmp(w->data.data(), weights, sizeof weights), 0);
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
        BrokenHeader{R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4,
                     "unknown dtype \"F31\""},
        BrokenHeader{R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4, "unknown dtype 7"},
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
