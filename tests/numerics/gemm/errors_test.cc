// What cannot be multiplied, and what is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "numerics/gemm/gemm.h"
#include "tests/numerics/cases.h"
#include "tests/numerics/gemm/cases.h"

namespace fp4::numerics {
namespace {

using testing::HasSubstr;

struct OperandRow {
  std::string_view what;
  std::function<void(OwnedOperand&)> change;
  std::string_view message;
};

OwnedOperand Plain(std::string_view format, MatrixShape shape) {
  return EncodeOperand(format, shape, Gaussians(shape.size(), 1));
}

void ExpectRefused(const absl::Status& status, std::string_view message) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(message)));
}

TEST(GemmErrorsTest, OperandsThatHaveNoIntegerProduct) {
  for (const Format* format : AllFormats()) {
    if (format->info().name == "nvfp4" || format->info().name == "mxfp4") continue;
    OwnedOperand operand = Plain(format->info().name, {4, 64});
    PackedActivations x;
    PackedWeights w;
    std::string message = "format " + std::string(format->info().name) + ": only E2M1 elements";
    ExpectRefused(PackActivations(operand.view(), x, SerialFor), "X: " + message);
    ExpectRefused(PackWeights(operand.view(), w, SerialFor), "W: " + message);
  }
}

TEST(GemmErrorsTest, StorageAndOptionsThatDoNotFit) {
  const OperandRow rows[] = {
      {"nothing", [](auto& o) { o.format = nullptr; }, "no format"},
      {"unknown block", [](auto& o) { o.options.block = "1x64"; }, "block 1x64"},
      {"too few codes", [](auto& o) { o.quantized.codes.pop_back(); }, "codes hold 127 bytes"},
      {"too many codes", [](auto& o) { o.quantized.codes.push_back(0); }, "4x64 in nvfp4 has 128"},
      {"too few scales", [](auto& o) { o.quantized.scales.pop_back(); }, "scales hold 15 bytes"},
      {"scales of tiles", [](auto& o) { o.options.block = "16x16"; }, "scales hold 16 bytes"},
      {"no tensor scale", [](auto& o) { o.quantized.has_tensor_scale = false; }, "is missing"},
      {"empty", [](auto& o) { o.quantized = {}; }, "shape 0x0"},
      {"negative", [](auto& o) { o.quantized.shape.rows = -4; }, "shape -4x64"},
      {"huge", [](auto& o) { o.quantized.shape.rows = int64_t{1} << 60; }, "addressed"},
  };
  for (const OperandRow& row : rows) {
    SCOPED_TRACE(row.what);
    OwnedOperand operand = Plain("nvfp4", {4, 64});
    row.change(operand);
    PackedActivations x;
    PackedWeights w;
    ExpectRefused(PackActivations(operand.view(), x, SerialFor), row.message);
    ExpectRefused(PackWeights(operand.view(), w, SerialFor), row.message);
    std::vector<float> y(16);
    OwnedOperand plain = Plain("nvfp4", {4, 64});
    ExpectRefused(MultiplyReference(plain.view(), operand.view(), y), row.message);
  }
}

struct PairRow {
  std::string_view what;
  OwnedOperand x, w;
  size_t y_size;
  std::string_view message;
};

OwnedOperand Rotated(int hadamard, const RotationSigns& signs) {
  QuantizeOptions options;
  options.hadamard = hadamard;
  options.signs = signs;
  return EncodeOperand("nvfp4", {4, 64}, Gaussians(4 * 64, 1), options);
}

TEST(GemmErrorsTest, PairsThatCannotBeMultiplied) {
  const PairRow rows[] = {
      {"formats", Plain("nvfp4", {4, 64}), Plain("mxfp4", {4, 64}), 16,
       "X is nvfp4 and W is mxfp4"},
      {"K", Plain("nvfp4", {4, 64}), Plain("nvfp4", {4, 80}), 16, "X is 4x64 and W is 4x80"},
      {"one rotated", Rotated(16, {.seed = 1}), Plain("nvfp4", {4, 64}), 16,
       "hadamard 16 and W by 0"},
      {"rotations", Rotated(16, {.seed = 1}), Rotated(32, {.seed = 1}), 16,
       "hadamard 16 and W by 32"},
      {"seeds", Rotated(16, {.seed = 1}), Rotated(16, {.seed = 2}), 16,
       "seed 1, step 0 and W with seed 2"},
      {"steps", Rotated(16, {.seed = 1, .step = 5}), Rotated(16, {.seed = 1, .step = 6}), 16,
       "step 5 and W with seed 1, step 6"},
      {"patterns", Rotated(16, {.pattern = RotationSigns::Pattern::kFixed}),
       Rotated(16, {.seed = 1}), 16, "the fixed signs and W with seed 1, step 0"},
      {"y too small", Plain("nvfp4", {4, 64}), Plain("nvfp4", {5, 64}), 19, "has 4x5"},
      {"y too large", Plain("nvfp4", {4, 64}), Plain("nvfp4", {5, 64}), 21, "Y has 21 elements"},
  };
  for (const PairRow& row : rows) {
    SCOPED_TRACE(row.what);
    PackedActivations x;
    PackedWeights w;
    ASSERT_TRUE(PackActivations(row.x.view(), x, SerialFor).ok());
    ASSERT_TRUE(PackWeights(row.w.view(), w, SerialFor).ok());
    std::vector<float> y(row.y_size, 3.0f);
    ExpectRefused(Multiply(x, w, y, SerialFor), row.message);
    ExpectRefused(MultiplyReference(row.x.view(), row.w.view(), y), row.message);
    EXPECT_THAT(y, testing::Each(3.0f));
  }
}

TEST(GemmErrorsTest, PathsThatThisMachineLacks) {
  OwnedOperand operand = Plain("nvfp4", {4, 64});
  PackedActivations x;
  PackedWeights w;
  ASSERT_TRUE(PackActivations(operand.view(), x, SerialFor).ok());
  ASSERT_TRUE(PackWeights(operand.view(), w, SerialFor).ok());
  std::vector<float> y(16);
  for (GemmPath path : kAllGemmPaths) {
    absl::Status status = Multiply(x, w, y, SerialFor, path);
    if (GemmPathAvailable(path)) {
      EXPECT_TRUE(status.ok()) << GemmPathName(path);
    } else {
      ExpectRefused(status, std::string(GemmPathName(path)) + ": this machine lacks");
    }
  }
}

}  // namespace
}  // namespace fp4::numerics
