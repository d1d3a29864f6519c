#include "spec/tensor_core.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

struct Case {
  const char* name;
  const char* recipe;  // of precision.recipes
  int fprop, dgrad, wgrad;
};

class TensorCoreTest : public testing::TestWithParam<Case> {};

TEST_P(TensorCoreTest, ComputesWhatItsFormatsAllow) {
  const RunSpec run =
      ReadRun(absl::StrCat(R"({"name": "a", "precision": {"default": "mine", "recipes": {"mine": )",
                           GetParam().recipe, "}}}"));
  const LayerPrecision& layer = LayerOf(run, "blocks.0.mlp.up");
  EXPECT_EQ(TensorCoreBits(layer, Gemm::kFprop), GetParam().fprop);
  EXPECT_EQ(TensorCoreBits(layer, Gemm::kDgrad), GetParam().dgrad);
  EXPECT_EQ(TensorCoreBits(layer, Gemm::kWgrad), GetParam().wgrad);
}

const Case kCases[] = {
    {"nothing_quantized", "{}", 0, 0, 0},
    {"weights_alone", R"({"weights": "nvfp4"})", 0, 0, 0},
    {"a_format_that_none_knows", R"({"fprop": "fp4"})", 0, 0, 0},
    {"e2m1_without_block_scales", R"({"fprop": "e2m1", "dgrad": "e2m1"})", 0, 0, 0},
    {"nvfp4_of_each_gemm", R"({"fprop": "nvfp4", "dgrad": "nvfp4", "wgrad": "nvfp4"})", 4, 4, 4},
    {"mxfp4_of_each_gemm", R"({"fprop": "mxfp4", "dgrad": "mxfp4", "wgrad": "mxfp4"})", 4, 4, 4},
    // What fprop used has its scales across the contraction dimension of the other GEMMs.
    {"row_blocks_as_in_fprop",
     R"({"weights": "nvfp4", "activations": "nvfp4", "gradients": "nvfp4"})", 4, 0, 0},
    {"tiles_as_in_fprop",
     R"({"weights": {"format": "nvfp4", "block": "16x16"}, "activations": "nvfp4",
         "gradients": "nvfp4"})",
     4, 4, 0},
    {"microscaling_as_in_fprop",
     R"({"weights": "mxfp8", "activations": "mxfp8", "gradients": "mxfp8"})", 8, 0, 0},
    {"two_families", R"({"activations": "nvfp4", "weights": "mxfp4"})", 0, 0, 0},
    {"mxfp4_with_mxfp8", R"({"activations": "mxfp8", "weights": "mxfp4"})", 8, 0, 0},
    {"fp8_of_tensors",
     R"({"weights": "fp8_e4m3", "activations": "fp8_e4m3", "gradients": "fp8_e5m2"})", 8, 8, 8},
    {"fp8_rows_as_in_fprop",
     R"({"weights": {"format": "fp8_e4m3", "block": "row"}, "gradients": "fp8_e5m2",
         "activations": {"format": "fp8_e4m3", "block": "row"}})",
     8, 0, 0},
    {"fp8_of_128",
     R"({"fprop": {"weights": {"format": "fp8_e4m3", "block": "1x128"}, "activations": "fp8_e4m3"}})",
     8, 0, 0},
    {"int8_rows_of_each_gemm", R"({"fprop": "int8", "dgrad": "int8", "wgrad": "int8"})", 8, 8, 8},
    {"int8_in_groups", R"({"fprop": {"weights": {"format": "int8", "block": "1x64"},
                                     "activations": "int8"}})",
     0, 0, 0},
    {"rotated_alike", R"({"fprop": {"activations": {"format": "nvfp4", "hadamard": 16},
                                    "weights": {"format": "nvfp4", "hadamard": 16}}})",
     4, 0, 0},
    {"one_rotated", R"({"fprop": {"activations": {"format": "nvfp4", "hadamard": 16},
                                  "weights": "nvfp4"}})",
     0, 0, 0},
    {"rotated_across_the_contraction",
     R"({"weights": {"format": "fp8_e4m3", "hadamard": 16}, "activations":
         {"format": "fp8_e4m3", "hadamard": 16}, "gradients": {"format": "fp8_e5m2", "hadamard": 16}})",
     8, 0, 0},
    {"outliers_added_again",
     R"({"weights": "nvfp4", "activations": {"format": "nvfp4", "outlier_quantile": 0.99}})", 0, 0,
     0},
    {"outliers_lost",
     R"({"weights": "nvfp4", "activations": {"format": "nvfp4", "outlier_quantile": 0.99,
                                             "outlier_residual": false}})",
     4, 0, 0},
    {"learned_scale", R"({"fprop": "nvfp4", "wgrad": "nvfp4", "estimator": "lsq"})", 0, 0, 4},
    {"no_gradient", R"({"fprop": "nvfp4", "wgrad": "nvfp4", "estimator": "none"})", 4, 0, 0},
};

INSTANTIATE_TEST_SUITE_P(Recipes, TensorCoreTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(TensorCoreBits, OfBuiltInRecipesForFourBitsAreFourThroughout) {
  for (const char* recipe : {"nvfp4", "mxfp4", "quartet2"}) {
    const RunSpec run =
        ReadRun(absl::StrCat(R"({"name": "a", "precision": {"default": ")", recipe, R"("}})"));
    for (const Gemm gemm : {Gemm::kFprop, Gemm::kDgrad, Gemm::kWgrad}) {
      EXPECT_EQ(TensorCoreBits(LayerOf(run, "blocks.0.attention.out"), gemm), 4)
          << recipe << " " << GemmName(gemm);
      EXPECT_EQ(TensorCoreBits(LayerOf(run, "lm_head"), gemm), 0);
    }
  }
}

}  // namespace
}  // namespace fp4::spec
