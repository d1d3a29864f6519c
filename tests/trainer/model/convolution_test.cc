#include "trainer/model/convolution.h"

#include <gtest/gtest.h>

#include "trainer/model/patches.h"

namespace fp4::trainer {
namespace {

struct Case {
  const char* name;
  const char* format;  // of all six operands; empty: none
  bool stochastic_gradients;
  bool wgrad_as_in_fprop;
};

class ConvolutionTest : public testing::TestWithParam<Case> {
 protected:
  ConvolutionTest() {
    at::manual_seed(1);
    context_.training = true;
    context_.micro_batch = 3;
    precision_.layer = "stages.0.conv";
    for (spec::GemmPrecision& gemm : precision_.gemms) {
      gemm.a.format = gemm.b.format = GetParam().format;
      gemm.b_as_in_fprop = GetParam().wgrad_as_in_fprop;
    }
    if (!GetParam().stochastic_gradients) return;
    for (const spec::Gemm gemm : {spec::Gemm::kDgrad, spec::Gemm::kWgrad}) {
      precision_.gemms[static_cast<size_t>(gemm)].a.options.rounding =
          numerics::Rounding::kStochastic;
    }
    precision_.gemms[0].a.options.rounding = numerics::Rounding::kStochastic;
  }

  std::unique_ptr<Linear> MakeLinear(const at::Tensor& master) {
    auto linear = std::make_unique<Linear>(precision_, master, at::kFloat, context_, *backend_);
    QuantizedLayer* layer = linear.get();
    RefreshWeights({&layer, 1}, *backend_);
    return linear;
  }

  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  spec::LayerPrecision precision_;
};

// Whatever the precision: what backward makes again is what forward had, to the bit.
TEST_P(ConvolutionTest, IsTheLinearLayerOfItsPatches) {
  const at::Tensor values = at::randn({32, 16 * 9}, at::kFloat);
  at::Tensor master = values.clone().requires_grad_(true);
  at::Tensor x = at::randn({2, 4, 8, 16}, at::kFloat).requires_grad_(true);
  const at::Tensor dy = at::randn({2, 4, 8, 32}, at::kFloat);
  Convolution convolution(MakeLinear(master), 3);

  const at::Tensor y = convolution.Forward(x);
  torch::autograd::backward({y}, {dy});

  at::Tensor expected_master = values.clone().requires_grad_(true);
  const std::unique_ptr<Linear> linear = MakeLinear(expected_master);
  at::Tensor patches = Unfold(x.detach(), 3).requires_grad_(true);
  const at::Tensor expected = linear->Forward(patches);
  torch::autograd::backward({expected}, {dy.view({64, 32})});
  EXPECT_TRUE(at::equal(y.detach().view({64, 32}), expected.detach()));
  EXPECT_TRUE(at::equal(master.grad(), expected_master.grad()));
  EXPECT_TRUE(at::equal(x.grad(), Fold(patches.grad(), x.sizes(), 3)));
}

INSTANTIATE_TEST_SUITE_P(Precisions, ConvolutionTest,
                         testing::Values(Case{"baseline", "", false, false},
                                         Case{"nvfp4", "nvfp4", false, false},
                                         Case{"nvfp4_as_in_fprop", "nvfp4", false, true},
                                         Case{"stochastic", "nvfp4", true, false},
                                         Case{"stochastic_as_in_fprop", "nvfp4", true, true}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace fp4::trainer
