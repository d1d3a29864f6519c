#include "trainer/measure/operand_facts.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fp4::trainer {
namespace {

class OperandFactsTest : public testing::Test {
 protected:
  OperandQuantizer Quantizer(const spec::OperandPrecision& precision) {
    return {precision, "layer/fprop", "a", at::kFloat, context_, *backend_};
  }
  OperandFacts Measure(const spec::OperandPrecision& precision, const at::Tensor& values) {
    const OperandQuantizer quantizer = Quantizer(precision);
    return MeasureOperand(quantizer, values, quantizer.Apply(values));
  }
  static spec::OperandPrecision Format(const char* name, const char* block = "") {
    spec::OperandPrecision precision;
    precision.format = name;
    precision.options.block = block;
    return precision;
  }
  static at::Tensor Gaussians(int64_t rows, int64_t columns) {
    at::manual_seed(1);
    return at::randn({rows, columns});
  }

  StepContext context_ = {.seed = 1, .training = true, .layer = ""};
  const std::unique_ptr<Backend> backend_ = MakeCpuBackend();
};

TEST_F(OperandFactsTest, ErrorAndZerosAreThoseOfTheOperand) {
  const at::Tensor values = Gaussians(32, 64);
  const OperandQuantizer quantizer = Quantizer(Format("nvfp4"));
  const at::Tensor operand = quantizer.Apply(values);
  const OperandFacts facts = MeasureOperand(quantizer, values, operand);

  const double relative = ((operand - values).norm() / values.norm()).item<double>();
  EXPECT_NEAR(facts.relative_error, relative, 1e-6);
  EXPECT_NEAR(facts.sqnr_db, -20 * std::log10(relative), 1e-4);
  EXPECT_DOUBLE_EQ(facts.zeros, operand.eq(0).sum().item<double>() / values.numel());
  EXPECT_GT(facts.zeros, 0.01);
}

TEST_F(OperandFactsTest, ValuesThatAreZeroAreNotCreated) {
  at::Tensor values = Gaussians(16, 64);
  values.narrow(1, 0, 32).zero_();
  EXPECT_LT(Measure(Format("int8", "row"), values).zeros, 0.05);
}

// 7 under the scale 1 of a block whose largest is below 8.
TEST_F(OperandFactsTest, ClippedAreThoseBeyondTheirBlocksLargest) {
  at::Tensor values = at::ones({16, 32});
  values[3][5] = 7;
  values[4][5] = -7.5;
  values[5][5] = 8;
  EXPECT_DOUBLE_EQ(Measure(Format("mxfp4"), values).scales->clipped, 2.0 / 512);
}

TEST_F(OperandFactsTest, ClippedUnderOneScaleAreThoseBeyondTheMean) {
  const at::Tensor values = Gaussians(64, 64);
  const double clipped = Measure(Format("ternary"), values).scales->clipped;
  const double beyond = values.abs().gt(values.abs().mean()).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(clipped, beyond, 1e-3);
}

TEST_F(OperandFactsTest, OutliersThatAreLostCountAsClipped) {
  spec::OperandPrecision precision = Format("e2m1", "row");
  precision.outlier_quantile = 0.95;
  const at::Tensor values = Gaussians(16, 100);
  precision.outlier_residual = true;
  EXPECT_LT(Measure(precision, values).scales->clipped, 0.001);
  precision.outlier_residual = false;
  EXPECT_NEAR(Measure(precision, values).scales->clipped, 0.09, 0.011);
}

// The tensor's largest element lies beyond the rows that are measured: their scales are still those
// under it.
TEST_F(OperandFactsTest, LargeOperandIsMeasuredAtItsFirstRowsUnderItsOwnTensorScale) {
  at::Tensor values = Gaussians(4096, 64) * 1e-4;
  values[4095][0] = 1e4;
  const OperandFacts facts = Measure(Format("nvfp4"), values);
  EXPECT_GT(facts.scales->at_smallest, 0.99);
  EXPECT_EQ(facts.scales->at_largest, 0.0);
  EXPECT_GT(facts.zeros, 0.99);
}

// A quarter of the blocks of this matrix, and no sign that its scales do not reach.
TEST_F(OperandFactsTest, BlockOfTheLargestElementHasTheLargestScaleByDesign) {
  EXPECT_EQ(Measure(Format("nvfp4"), Gaussians(2, 32)).scales->at_largest, 0.0);
}

// Small enough to be measured whole, and so large that only its first rows are.
TEST_F(OperandFactsTest, EveryFormatCanBeMeasuredAtAnySize) {
  for (const numerics::Format* format : numerics::AllFormats()) {
    for (const int64_t rows : {32, 2048}) {
      const std::string name(format->info().name);
      const OperandFacts facts = Measure(Format(name.c_str()), Gaussians(rows, 128));
      EXPECT_LT(facts.relative_error, 0.7) << name;
      EXPECT_EQ(facts.format, &format->info());
      for (const double share : {facts.zeros, facts.scales->clipped, facts.scales->at_smallest,
                                 facts.scales->at_largest})
        EXPECT_TRUE(share >= 0 && share <= 0.6) << name << " " << rows << ": " << share;
    }
  }
}

TEST(MetricsOf, HaveTheNamesOfLayerAndOperand) {
  OperandFacts facts;
  facts.layer = "blocks.0.mlp.up";
  facts.operand = Operand::kGradients;
  facts.zeros = 0.25;
  facts.scales = OperandFacts::Scales();
  const MetricValues values = MetricsOf(facts);
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(values[2], std::pair(std::string("quant/blocks.0.mlp.up/gradient_zeros"), 0.25));
  facts.operand = Operand::kWeights;
  EXPECT_EQ(MetricsOf(facts)[0].first, "quant/blocks.0.mlp.up/weight_error");
}

}  // namespace
}  // namespace fp4::trainer
