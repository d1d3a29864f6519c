// Which instruction sets of the integer GEMM this machine tests: a program of its own, since ctest
// counts a program with one skipped test as skipped.
#include <gtest/gtest.h>

#include "tests/numerics/cases.h"
#include "tests/numerics/gemm/cases.h"

namespace fp4::numerics {
namespace {

class GemmPathsTest : public testing::TestWithParam<GemmPath> {};

INSTANTIATE_TEST_SUITE_P(Paths, GemmPathsTest, testing::ValuesIn(kAllGemmPaths),
                         [](const auto& path) {
                           std::string name(GemmPathName(path.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(GemmPathsTest, MultipliesThroughTheInterface) {
  if (!GemmPathAvailable(GetParam())) {
    GTEST_SKIP() << "this processor lacks " << GemmPathName(GetParam())
                 << ": these kernels are NOT TESTED here";
  }
  OwnedOperand x = EncodeOperand("nvfp4", {7, 80}, Gaussians(7 * 80, 1));
  OwnedOperand w = EncodeOperand("nvfp4", {34, 80}, Gaussians(34 * 80, 2));
  PackedActivations packed_x;
  PackedWeights packed_w;
  ASSERT_TRUE(PackActivations(x.view(), packed_x, SerialFor).ok());
  ASSERT_TRUE(PackWeights(w.view(), packed_w, SerialFor).ok());
  std::vector<float> y(7 * 34);
  ASSERT_TRUE(Multiply(packed_x, packed_w, y, SerialFor, GetParam()).ok());
  EXPECT_EQ(y, ReferenceProduct(x, w));
}

}  // namespace
}  // namespace fp4::numerics
