// Attention whose scores and probabilities are rounded. tests/trainer_traces holds whole runs to
// PyTorch's.
#include "trainer/model/attention.h"

#include <gtest/gtest.h>

#include "trainer/precision/straight_through.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kLength = 32, kWidth = 8;

class AttentionTest : public testing::Test {
 protected:
  AttentionTest() {
    at::manual_seed(3);
    context_.training = true;
    for (at::Tensor* tensor : {&q_, &k_, &v_}) *tensor = at::randn({2, 3, kLength, kWidth});
  }

  // With `format` on one tensor of the block; "" on none.
  at::Tensor Attend(const std::string& tensor, const std::string& format) {
    spec::RunSpec run;
    if (!format.empty()) {
      spec::AttentionPrecision& rule = run.attention.emplace_back();
      rule.tensor = "blocks.0.attention." + tensor;
      rule.operand.format = format;
    }
    run.model.d_model = 8;
    run.model.num_heads = 1;
    run.model.d_ff = 8;
    run.model.vocab_size = 8;
    const ParameterSet parameters(run.model, 1, at::kCPU);
    const ScaledAttention attention("blocks.0.",
                                    {run, parameters, at::kFloat, context_, *backend_});
    return attention.Forward(q_, k_, v_);
  }

  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  at::Tensor q_, k_, v_;
};

TEST_F(AttentionTest, RoundingThatLosesNothingIsAttentionItself) {
  const at::Tensor plain = Attend("", "");
  for (const char* tensor : {"scores", "probabilities"})
    EXPECT_TRUE(at::allclose(Attend(tensor, "fp32"), plain, 1e-5, 1e-6)) << tensor;
}

TEST_F(AttentionTest, EachFormatChangesTheNamedTensor) {
  const at::Tensor plain = Attend("", "");
  for (const char* tensor : {"scores", "probabilities"}) {
    double before = 0;
    // From fine to coarse.
    for (const char* format : {"bf16", "fp8_e4m3", "mxfp4"}) {
      const double error = (Attend(tensor, format) - plain).abs().mean().item<double>();
      EXPECT_GT(error, before) << tensor << " in " << format;
      before = error;
    }
    EXPECT_LT(before, 0.2);
  }
}

// mxfp4 has blocks of 32 keys here, and no scale of the tensor.
TEST_F(AttentionTest, AKeyThatComesLaterHasNoPartInTheRounding) {
  for (const char* tensor : {"scores", "probabilities"}) {
    const at::Tensor before = Attend(tensor, "mxfp4").narrow(2, 0, kLength - 1).clone();
    k_.select(2, kLength - 1).mul_(100);
    v_.select(2, kLength - 1).mul_(100);
    EXPECT_TRUE(at::equal(Attend(tensor, "mxfp4").narrow(2, 0, kLength - 1), before)) << tensor;
  }
}

TEST_F(AttentionTest, GradientsPassStraightThroughARounding) {
  spec::OperandPrecision precision;
  precision.format = "fp4";
  const OperandQuantizer quantizer(precision, "blocks.0.attention.scores", "a", at::kFloat,
                                   context_, *backend_);
  at::Tensor x = at::randn({2, 3, 4, 64}).requires_grad_();
  const at::Tensor rounded = RoundStraightThrough(quantizer, x);
  EXPECT_FALSE(at::equal(rounded, x));
  const at::Tensor gradient = at::randn(x.sizes());
  torch::autograd::backward({rounded}, {gradient});
  EXPECT_TRUE(at::equal(x.grad(), gradient));
}

}  // namespace
}  // namespace fp4::trainer
