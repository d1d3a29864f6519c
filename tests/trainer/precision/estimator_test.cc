#include "trainer/precision/estimator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "numerics/format.h"
#include "trainer/precision/dge.h"
#include "trainer/precision/grid.h"

namespace fp4::trainer {
namespace {

TEST(ElementGridTest, RoundsAsTheFormatDoesWithATensorScaleOfOne) {
  // With an amax of 6 the scale of e2m1 is 1: decoded values are the grid's.
  std::vector<float> values = {6.0f};
  for (int i = -5999; i <= 5999; ++i) values.push_back(static_cast<float>(i) * 0.001f);
  const auto size = static_cast<int64_t>(values.size());
  const numerics::Format& format = *numerics::FindFormat("e2m1");
  numerics::QuantizeOptions options;
  const numerics::Quantized quantized = format.Encode(values, {1, size}, options);
  std::vector<float> decoded(values.size());
  format.Decode(quantized, options, decoded);
  const at::Tensor rounded = ElementGrid("e2m1").Round(at::from_blob(values.data(), {size}));
  for (int64_t i = 0; i < size; ++i)
    EXPECT_EQ(rounded[i].item<float>(), decoded[static_cast<size_t>(i)]) << values[i];
}

TEST(DifferentiableSlopeTest, HasThePublishedValues) {
  // u = bf16(linspace(-6, 6, 20)), f' rounded to bf16.
  const at::Tensor u = at::linspace(-6, 6, 20).to(at::kBFloat16).to(at::kFloat);
  const double expected[] = {.2002, .4375, .6055, .2168, 1.8359, .2695, .3027, .2695, .2402, .5781};
  const at::Tensor slope = DifferentiableSlope(u, 5, 3).to(at::kBFloat16).to(at::kDouble);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NEAR(slope[i].item<double>(), expected[i], 6e-5) << i;
    EXPECT_EQ(slope[19 - i].item<double>(), slope[i].item<double>()) << i;
  }
}

TEST(DifferentiableSlopeTest, IsCappedInTheMiddleOfACellAndAFifthOnTheGridAndBeyond) {
  const at::Tensor u = at::tensor({0.25f, 0.75f, 5.0f, 0.0f, 0.5f, 4.0f, 6.0f, 9.0f, -12.0f});
  const at::Tensor slope = DifferentiableSlope(u, 5, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(slope[i].item<float>(), 3.0f) << i;
  for (int i = 3; i < 9; ++i) EXPECT_FLOAT_EQ(slope[i].item<float>(), 0.2f) << i;
}

class EstimatorTest : public testing::Test {
 protected:
  EstimatorTest() {
    at::manual_seed(3);
    context_.training = true;
    row_.layer = "blocks.0.mlp.up";
  }

  std::unique_ptr<WeightEstimator> Make(spec::Estimator estimator, const std::string& format) {
    row_.estimator = estimator;
    row_.gemms[0].b.format = format;
    if (spec::LearnsScale(estimator))
      parameters_.Add(ScaleName(row_.layer), InitialScale(row_, weight_));
    return MakeEstimator({row_, parameters_, context_});
  }
  at::Tensor Scale() const { return parameters_.Master(ScaleName(row_.layer)); }

  static spec::ModelSpec Model() {
    spec::ModelSpec model;
    model.d_model = model.d_ff = model.vocab_size = 8;
    model.num_layers = model.num_heads = 1;
    return model;
  }

  ParameterSet parameters_{Model(), 1, at::kCPU};
  StepContext context_;
  spec::LayerPrecision row_;
  at::Tensor weight_ = at::randn({64, 128}, at::kFloat);
};

TEST_F(EstimatorTest, QuestTrustsWhatRoundingMovedByNoMoreThanHalfAStep) {
  std::unique_ptr<WeightEstimator> quest = Make(spec::Estimator::kQuest, "int4");
  at::Tensor seen = at::empty_like(weight_);
  ASSERT_TRUE(quest->MakeWeight(weight_, seen));
  // Gaussian rows lose about 1.15 % of their energy to 4 bits.
  const double error = ((seen - weight_).square().sum() / weight_.square().sum()).item<double>();
  EXPECT_NEAR(error, 0.0115, 0.0015);
  // A gradient of the weight's own direction comes back without what was clipped: almost whole.
  at::Tensor gradient = at::randn_like(weight_), before = gradient.clone();
  quest->FinishGradient(weight_, gradient);
  const double kept = (gradient.norm() / before.norm()).item<double>();
  EXPECT_LT(kept, 1.0);
  EXPECT_GT(kept, 0.97);
}

TEST_F(EstimatorTest, LearnedScaleGetsTheGradientOfItsDefinition) {
  std::unique_ptr<WeightEstimator> lsq = Make(spec::Estimator::kLsq, "int4");
  const double s = Scale().item<double>();
  at::Tensor gradient = at::randn_like(weight_), before = gradient.clone();
  lsq->FinishGradient(weight_, gradient);
  double expected = 0;
  for (int64_t i = 0; i < weight_.numel(); ++i) {
    const double u = weight_.view(-1)[i].item<double>() / s, g = before.view(-1)[i].item<double>();
    const bool inside = std::fabs(u) <= 7;
    expected += g * (inside ? std::nearbyint(u) - u : std::copysign(7.0, u));
    EXPECT_EQ(gradient.view(-1)[i].item<float>(), inside ? before.view(-1)[i].item<float>() : 0.0f);
  }
  expected /= std::sqrt(64.0 * 128.0 * 7.0);
  EXPECT_NEAR(Scale().grad().item<double>(), expected, 1e-4 * std::fabs(expected) + 1e-6);
}

TEST_F(EstimatorTest, NoiseIsFreshForEachUpdateHasRoundingsVarianceAndEndsInEvaluation) {
  std::unique_ptr<WeightEstimator> noise = Make(spec::Estimator::kNoise, "int8");
  at::Tensor first = at::empty_like(weight_), again = first.clone(), second = first.clone();
  context_.micro_batch = 1;
  noise->MakeWeight(weight_, first);
  noise->MakeWeight(weight_, again);
  context_.micro_batch = 2;
  noise->MakeWeight(weight_, second);
  EXPECT_TRUE(at::equal(first, again));
  EXPECT_FALSE(at::equal(first, second));
  // Uniform over a cell of width s: variance s^2 / 12, but for what is clipped.
  const double s = Scale().item<double>();
  const at::Tensor inside = weight_.abs().le(127 * s);
  const double variance =
      (first - weight_).masked_select(inside).square().mean().item<double>() / (s * s);
  EXPECT_NEAR(variance, 1.0 / 12, 0.004);

  context_.training = false;
  noise->MakeWeight(weight_, second);
  EXPECT_TRUE(at::allclose(second / s, at::round(second / s), 0, 1e-3));
}

}  // namespace
}  // namespace fp4::trainer
