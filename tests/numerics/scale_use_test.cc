#include "numerics/scale_use.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace fp4::numerics {
namespace {

// Blocks of one row each, `columns` wide.
ScaleUse Use(const char* name, const std::vector<float>& values, int64_t columns,
             const QuantizeOptions& options = {}) {
  const Format& format = *FindFormat(name);
  const MatrixShape shape{static_cast<int64_t>(values.size()) / columns, columns};
  return MeasureScaleUse(format, values, format.Encode(values, shape, options), options);
}

QuantizeOptions Block(const char* block) {
  QuantizeOptions options;
  options.block = block;
  return options;
}

std::vector<float> Rows(const std::vector<float>& of_row, int64_t columns) {
  std::vector<float> values;
  for (const float value : of_row) values.insert(values.end(), static_cast<size_t>(columns), value);
  return values;
}

TEST(ScaleUse, BlocksOfZerosDoNotCount) {
  const ScaleUse use = Use("nvfp4", Rows({1, 0, 2, 0}, 16), 16);
  EXPECT_EQ(use.blocks, 2);
  EXPECT_EQ(use.at_smallest, 0);
}

// Under a tensor scale of 1000 / 2688 a block of 1e-4 asks for a scale below 2^-9.
TEST(ScaleUse, OfTwoLevelsFallsToTheSmallestCodeUnderAnOutlier) {
  const ScaleUse use = Use("nvfp4", Rows({1000, 1e-4F, 500, 2e-4F}, 16), 16);
  EXPECT_EQ(use.blocks, 4);
  EXPECT_EQ(use.at_smallest, 2);
  EXPECT_EQ(use.at_largest, 1);  // the block of the largest element, by construction
}

TEST(ScaleUse, OfPowersOfTwoEndsWhereTheirExponentsDo) {
  const float smallest = std::ldexp(1.0F, -140), largest = std::ldexp(1.9F, 127);
  const ScaleUse use = Use("mxfp4", Rows({1, smallest, largest}, 32), 32);
  EXPECT_EQ(use.blocks, 3);
  EXPECT_EQ(use.at_smallest, 1);
}

TEST(ScaleUse, ScalesOfFourBytesDoNotRunOut) {
  const ScaleUse use = Use("int8", Rows({1e-30F, 1e30F}, 64), 64, Block("row"));
  EXPECT_EQ(use.blocks, 2);
  EXPECT_EQ(use.at_smallest + use.at_largest, 0);
}

TEST(ScaleUse, FormatWithoutScalesClipsBeyondItsLargestNumber) {
  const ScaleUse use = Use("fp8_e4m3", {449, -500, 448, 1}, 4, Block("none"));
  EXPECT_EQ(use.clipped, 2);
  EXPECT_EQ(use.blocks, 0);
}

}  // namespace
}  // namespace fp4::numerics
