#include "trainer/precision/linear.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

class LinearTest : public testing::Test {
 protected:
  LinearTest() {
    at::manual_seed(1);
    context_.training = true;
    master_ = at::randn({48, 64}, at::kFloat).requires_grad_(true);
    x_ = at::randn({2, 16, 64}, at::kFloat).requires_grad_(true);
    dy_ = at::randn({2, 16, 48}, at::kFloat);
    precision_.layer = "layer";
  }

  // Q(W), by the same quantizer that the layer uses.
  at::Tensor Quantized(const std::string& format, const at::Tensor& values) {
    const QuantizeJob job{numerics::FindFormat(format),
                          {},
                          values.detach().contiguous(),
                          at::empty(values.sizes(), at::kFloat)};
    backend_->QuantizeDequantize({&job, 1});
    return job.decoded;
  }
  Linear MakeLinear(at::ScalarType compute_type = at::kFloat) {
    return Linear(precision_, master_, compute_type, context_, *backend_);
  }
  void Refresh(Linear& linear) {
    QuantizedLayer* layer = &linear;
    RefreshWeights({&layer, 1}, *backend_);
  }
  spec::GemmPrecision& gemm(spec::Gemm which) {
    return precision_.gemms[static_cast<size_t>(which)];
  }
  void QuantizeWeights(const std::string& format) {
    precision_.gemms[0].b.format = format;
    precision_.gemms[1].b.format = format;
    precision_.gemms[1].b_as_in_fprop = true;
  }

  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  spec::LayerPrecision precision_;
  at::Tensor master_, x_, dy_;
};

TEST_F(LinearTest, WithoutQuantizersItIsThePlainLinear) {
  Linear linear = MakeLinear();
  Refresh(linear);
  at::Tensor y = linear.Forward(x_);
  torch::autograd::backward({y}, {dy_});

  at::Tensor rows = x_.detach().view({32, 64}), drows = dy_.view({32, 48});
  EXPECT_TRUE(at::equal(y.detach().view({32, 48}), at::mm(rows, master_.detach().t())));
  EXPECT_TRUE(at::equal(x_.grad().view({32, 64}), at::mm(drows, master_.detach())));
  EXPECT_TRUE(at::equal(master_.grad(), at::mm(drows.t(), rows)));
}

TEST_F(LinearTest, WeightOnlyUsesOneQuantizedWeightInFpropAndDgradAndNoneInWgrad) {
  QuantizeWeights("fp4");
  Linear linear = MakeLinear();
  Refresh(linear);
  torch::autograd::backward({linear.Forward(x_)}, {dy_});

  at::Tensor quantized = Quantized("fp4", master_);
  at::Tensor rows = x_.detach().view({32, 64}), drows = dy_.view({32, 48});
  EXPECT_FALSE(at::equal(quantized, master_.detach()));
  EXPECT_TRUE(at::equal(linear.weight(), quantized));
  EXPECT_TRUE(at::equal(x_.grad().view({32, 64}), at::mm(drows, quantized)));
  EXPECT_TRUE(at::equal(master_.grad(), at::mm(drows.t(), rows)));
}

TEST_F(LinearTest, WithoutEstimatorNoGradientReachesTheMaster) {
  QuantizeWeights("fp4");
  precision_.estimator = spec::Estimator::kNone;
  Linear linear = MakeLinear();
  Refresh(linear);
  torch::autograd::backward({linear.Forward(x_)}, {dy_});
  EXPECT_FALSE(master_.grad().defined());
  EXPECT_TRUE(x_.grad().defined());
}

TEST_F(LinearTest, QuantizedWeightChangesWithTheMasterOnlyAtRefresh) {
  QuantizeWeights("fp4");
  Linear linear = MakeLinear();
  Refresh(linear);
  at::Tensor before = linear.weight().clone();
  at::NoGradGuard no_grad;
  master_.mul_(2);
  EXPECT_TRUE(at::equal(linear.weight(), before));
  Refresh(linear);
  EXPECT_TRUE(at::equal(linear.weight(), before * 2));
}

TEST_F(LinearTest, BaselineInFp32FollowsTheMasterWithoutACopy) {
  Linear linear = MakeLinear();
  Refresh(linear);
  EXPECT_TRUE(linear.weight().is_alias_of(master_));
}

TEST_F(LinearTest, Bf16ComputesInBf16AndReturnsFp32GradientsToTheMaster) {
  QuantizeWeights("fp4");
  Linear linear = MakeLinear(at::kBFloat16);
  Refresh(linear);
  at::Tensor x = x_.detach().to(at::kBFloat16).requires_grad_(true);
  at::Tensor y = linear.Forward(x);
  torch::autograd::backward({y}, {dy_.to(at::kBFloat16)});
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(linear.weight(), Quantized("fp4", master_).to(at::kBFloat16)));
  EXPECT_EQ(master_.grad().scalar_type(), at::kFloat);
}

TEST_F(LinearTest, OperandsOfEveryGemmAreQuantizedAlongTheirContraction) {
  for (spec::GemmPrecision& gemm : precision_.gemms) gemm.a.format = gemm.b.format = "mxfp4";
  Linear linear = MakeLinear();
  Refresh(linear);
  at::Tensor rows = x_.detach().view({32, 64}), drows = dy_.view({32, 48});

  at::Tensor fprop = at::mm(Quantized("mxfp4", rows), Quantized("mxfp4", master_).t());
  at::Tensor dgrad =
      at::mm(Quantized("mxfp4", drows), Quantized("mxfp4", master_.detach().t()).t());
  at::Tensor wgrad = at::mm(Quantized("mxfp4", drows.t()), Quantized("mxfp4", rows.t()).t());

  EXPECT_TRUE(at::equal(linear.Fprop(linear.Input(rows)), fprop));
  EXPECT_TRUE(at::equal(linear.Dgrad(drows), dgrad));
  EXPECT_TRUE(at::equal(linear.Wgrad(drows, linear.Kept(rows, linear.Input(rows))), wgrad));
}

TEST_F(LinearTest, WeightsAndActivationsGivenAsSuchEnterTheBackwardGemmsAsFpropSawThem) {
  for (spec::GemmPrecision& gemm : precision_.gemms) gemm.a.format = gemm.b.format = "mxfp4";
  gemm(spec::Gemm::kDgrad).b_as_in_fprop = gemm(spec::Gemm::kWgrad).b_as_in_fprop = true;
  Linear linear = MakeLinear();
  Refresh(linear);
  torch::autograd::backward({linear.Forward(x_)}, {dy_});

  at::Tensor rows = x_.detach().view({32, 64}), drows = dy_.view({32, 48});
  at::Tensor dgrad = at::mm(Quantized("mxfp4", drows), Quantized("mxfp4", master_));
  at::Tensor wgrad = at::mm(Quantized("mxfp4", drows.t()), Quantized("mxfp4", rows));
  EXPECT_TRUE(at::equal(x_.grad().view({32, 64}), dgrad));
  EXPECT_TRUE(at::equal(master_.grad(), wgrad));
}

TEST_F(LinearTest, FromForwardQuantizesWhatFpropUsedAgain) {
  for (spec::GemmPrecision& gemm : precision_.gemms) gemm.a.format = gemm.b.format = "mxfp4";
  gemm(spec::Gemm::kDgrad).b.from_forward = gemm(spec::Gemm::kWgrad).b.from_forward = true;
  Linear linear = MakeLinear();
  Refresh(linear);
  torch::autograd::backward({linear.Forward(x_)}, {dy_});

  at::Tensor rows = x_.detach().view({32, 64}), drows = dy_.view({32, 48});
  at::Tensor w = Quantized("mxfp4", Quantized("mxfp4", master_).t()).t();
  at::Tensor x = Quantized("mxfp4", Quantized("mxfp4", rows).t()).t();
  EXPECT_TRUE(at::equal(x_.grad().view({32, 64}), at::mm(Quantized("mxfp4", drows), w)));
  EXPECT_TRUE(at::equal(master_.grad(), at::mm(Quantized("mxfp4", drows.t()), x)));
}

TEST_F(LinearTest, BothFactorsOfAProductAreRotatedAlikeAndAnewForEachMicroBatch) {
  for (spec::GemmPrecision& gemm : precision_.gemms) {
    gemm.a.format = gemm.b.format = "int8";
    gemm.a.options.block = gemm.b.options.block = "row";
    gemm.a.options.hadamard = gemm.b.options.hadamard = 16;
  }
  Linear linear = MakeLinear();
  Refresh(linear);
  at::Tensor rows = x_.detach().view({32, 64});
  context_.micro_batch = 7;
  at::Tensor first = linear.Fprop(linear.Input(rows)), again = linear.Fprop(linear.Input(rows));
  context_.micro_batch = 8;
  at::Tensor second = linear.Fprop(linear.Input(rows));

  at::Tensor exact = at::mm(rows, master_.detach().t());
  EXPECT_TRUE(at::equal(first, again));
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_LT((first - exact).norm().item<double>() / exact.norm().item<double>(), 0.02);
}

TEST_F(LinearTest, RotationOfALosslessFormatChangesNothingButRounding) {
  for (spec::GemmPrecision& gemm : precision_.gemms) {
    gemm.a.format = gemm.b.format = "fp32";
    gemm.a.options.hadamard = gemm.b.options.hadamard = 16;
  }
  Linear linear = MakeLinear();
  Refresh(linear);
  torch::autograd::backward({linear.Forward(x_)}, {dy_});
  at::Tensor rows = x_.detach().view({32, 64}), drows = dy_.view({32, 48});
  EXPECT_TRUE(at::allclose(x_.grad().view({32, 64}), at::mm(drows, master_.detach()), 1e-5, 1e-5));
  EXPECT_TRUE(at::allclose(master_.grad(), at::mm(drows.t(), rows), 1e-5, 1e-5));
}

}  // namespace
}  // namespace fp4::trainer
