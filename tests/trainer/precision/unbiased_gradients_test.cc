// What is rounded at random in the backward products is unbiased: the mean of N draws comes to the
// product without that rounding, with an error that falls as 1 / sqrt(N).
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "spec/document.h"
#include "trainer/precision/linear.h"

namespace fp4::trainer {
namespace {

spec::LayerPrecision PrecisionOf(const std::string& recipe) {
  const spec::ReadResult result = spec::ReadExperiment(
      absl::StrCat(R"({"name": "a", "model": {"d_model": 128, "num_layers": 1, "d_ff": 128},
                       "training": {"micro_batch_size": 1}, "precision": {"default": "mine",
                       "recipes": {"mine": )",
                   recipe, "}}}"),
      {}, {});
  for (const spec::Problem& problem : result.problems) ADD_FAILURE() << problem.ToString(recipe);
  for (const spec::LayerPrecision& layer : result.experiment.variants.at(0).run.layers) {
    if (layer.layer == "blocks.0.mlp.up") return layer;
  }
  return spec::LayerPrecision();
}

enum class Kept : uint8_t { kValues, kAsInFprop };  // what the second operand stands for

// No larger than the blocks and rotations of the contraction need.
struct Case {
  const char* name;
  const char* recipe;
  spec::Gemm gemm;
  Kept second;
  int64_t contracted = 32, others = 16;
  // How far from 4 the ratio of two errors may be, the one of sixteen times as many draws.
  double slack = 0.6;
};

class UnbiasedGradientsTest : public testing::TestWithParam<Case> {
 protected:
  UnbiasedGradientsTest() {
    at::manual_seed(3);
    at::set_num_threads(1);
    context_.training = true;
    const bool dgrad = GetParam().gemm == spec::Gemm::kDgrad;
    const int64_t rows = dgrad ? GetParam().others : GetParam().contracted;
    const int64_t out = dgrad ? GetParam().contracted : GetParam().others, in = GetParam().others;
    master_ = at::randn({out, in}, at::kFloat).requires_grad_(true);
    x_ = at::randn({rows, in}, at::kFloat);
    dy_ = at::randn({rows, out}, at::kFloat) * 1e-4;
  }

  static at::Tensor Product(Linear& linear, const at::Tensor& x, const at::Tensor& dy) {
    if (GetParam().gemm == spec::Gemm::kDgrad) return linear.Dgrad(dy);
    return linear.Wgrad(dy, linear.Kept(x, linear.Input(x)));
  }

  // Without anything random: dY as it is, times what the second operand stands for.
  at::Tensor Exact(Linear& linear) {
    const bool as_in_fprop = GetParam().second == Kept::kAsInFprop;
    if (GetParam().gemm == spec::Gemm::kDgrad)
      return at::mm(dy_, as_in_fprop ? linear.weight() : master_.detach());
    return at::mm(dy_.t(), as_in_fprop ? linear.Input(x_) : x_);
  }

  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  at::Tensor master_, x_, dy_;
};

TEST_P(UnbiasedGradientsTest, ErrorOfTheMeanFallsAsTheRootOfTheDraws) {
  Linear linear(PrecisionOf(GetParam().recipe), master_, at::kFloat, context_, *backend_);
  QuantizedLayer* layer = &linear;
  RefreshWeights({&layer, 1}, *backend_);
  const at::Tensor exact = Exact(linear);
  at::Tensor sum = at::zeros_like(exact, at::kDouble);
  std::map<int, double> error;  // by the number of draws
  for (int n = 1; n <= 4096; ++n) {
    context_.micro_batch = n;
    sum += Product(linear, x_, dy_);
    if (n == 16 || n == 256 || n == 4096) error[n] = (sum / n - exact).norm().item<double>();
  }
  EXPECT_NEAR(error[16] / error[256], 4.0, GetParam().slack);
  EXPECT_NEAR(error[256] / error[4096], 4.0, GetParam().slack);
}

constexpr char kNvfp4[] =
    R"({"weights": {"format": "nvfp4", "block": "16x16"},
        "gradients": {"format": "nvfp4", "rounding": "stochastic"},
        "wgrad": {"gradients": {"hadamard": 16, "hadamard_signs": "fixed"}}})";
constexpr char kMxfp4[] =
    R"({"dgrad": {"gradients": {"format": "mxfp4", "rounding": "stochastic", "hadamard": 32,
                                "prescale": 0.75},
                  "weights": {"format": "mxfp4", "rounding": "stochastic", "hadamard": 32,
                              "prescale": 0.75}},
        "wgrad": {"gradients": {"format": "mxfp4", "rounding": "stochastic"},
                  "activations": {"format": "mxfp4", "rounding": "stochastic"}}})";
constexpr char kQuartet[] =
    R"({"weights": {"format": "nvfp4", "four_over_six": "mse"},
        "activations": {"format": "nvfp4", "four_over_six": "mse"},
        "dgrad": {"gradients": {"format": "nvfp4", "hadamard": 128, "ms_eden": true},
                  "weights": {"format": "nvfp4", "source": "forward", "four_over_six": "off",
                              "hadamard": 128, "ms_eden": true}},
        "wgrad": {"gradients": {"format": "nvfp4", "hadamard": 128, "ms_eden": true},
                  "activations": {"format": "nvfp4", "source": "forward", "four_over_six": "off",
                                  "hadamard": 128, "ms_eden": true}}})";
constexpr char kFp8[] =
    R"({"dgrad": {"gradients": {"format": "fp8_e5m2", "rounding": "stochastic"}},
                            "wgrad": {"gradients": {"format": "int8", "rounding": "stochastic"}}})";

// MS-EDEN is unbiased over all rotations. Over those of Hadamard's a thousandth of the product is
// left, which 4,096 draws begin to see.
constexpr double kSlackOfMsEden = 0.8;

const Case kCases[] = {
    {"nvfp4_dgrad", kNvfp4, spec::Gemm::kDgrad, Kept::kAsInFprop},
    {"nvfp4_wgrad", kNvfp4, spec::Gemm::kWgrad, Kept::kValues},
    {"mxfp4_prescaled_dgrad", kMxfp4, spec::Gemm::kDgrad, Kept::kValues},
    {"mxfp4_wgrad", kMxfp4, spec::Gemm::kWgrad, Kept::kValues},
    {"quartet_dgrad", kQuartet, spec::Gemm::kDgrad, Kept::kAsInFprop, 128, 16, kSlackOfMsEden},
    {"quartet_wgrad", kQuartet, spec::Gemm::kWgrad, Kept::kAsInFprop, 128, 16, kSlackOfMsEden},
    {"fp8_dgrad", kFp8, spec::Gemm::kDgrad, Kept::kValues},
    {"int8_wgrad", kFp8, spec::Gemm::kWgrad, Kept::kValues},
};

INSTANTIATE_TEST_SUITE_P(Recipes, UnbiasedGradientsTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace fp4::trainer
