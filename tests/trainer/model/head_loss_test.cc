#include "trainer/model/head_loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fp4::trainer {
namespace {

class HeadLossTest : public testing::Test {
 protected:
  // 2^24 / 40,000 rows are a piece: 600 rows are two.
  static constexpr int64_t kVocabulary = 40'000, kTokens = 600, kWidth = 8;

  HeadLossTest() {
    at::manual_seed(1);
    context_.training = true;
    master_ = at::randn({kVocabulary, kWidth}, at::kFloat).requires_grad_(true);
    hidden_ = at::randn({kTokens, kWidth}, at::kFloat);
    targets_ = at::randint(kVocabulary, {kTokens}, at::kLong);
    precision_.layer = "lm_head";
  }

  Linear MakeHead() { return Linear(precision_, master_, at::kFloat, context_, *backend_); }
  void Refresh(Linear& head) {
    QuantizedLayer* layer = &head;
    RefreshWeights({&layer, 1}, *backend_);
  }

  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  spec::LayerPrecision precision_;
  at::Tensor master_, hidden_, targets_;
};

TEST_F(HeadLossTest, LossAndGradientsAreThoseOfCrossEntropy) {
  Linear head = MakeHead();
  Refresh(head);
  HeadGradient fused = HeadLossAndGradient(head, hidden_, targets_, 0.5);

  at::Tensor hidden = hidden_.detach().clone().requires_grad_(true);
  at::Tensor weight = master_.detach().clone().requires_grad_(true);
  at::Tensor loss =
      at::cross_entropy_loss(at::mm(hidden, weight.t()), targets_, {}, at::Reduction::Sum);
  (0.5 * loss).backward();
  EXPECT_NEAR(fused.sums.loss.item<double>() / kTokens, loss.item<double>() / kTokens, 1e-5);
  EXPECT_TRUE(at::allclose(fused.hidden, hidden.grad(), 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(master_.grad(), weight.grad(), 1e-4, 1e-5));
}

TEST_F(HeadLossTest, EvaluationGivesTheSameLossAndCountsTheHits) {
  Linear head = MakeHead();
  Refresh(head);
  targets_ = at::mm(hidden_, master_.detach().t()).argmax(1);
  targets_.narrow(0, 0, 100).fill_(0);
  LossSums sums = HeadLoss(head, hidden_, targets_);
  EXPECT_GE(sums.correct.item<int64_t>(), 500);
  EXPECT_LE(sums.correct.item<int64_t>(), 505);
  EXPECT_EQ(sums.loss.item<double>(),
            HeadLossAndGradient(head, hidden_, targets_, 1).sums.loss.item<double>());
}

TEST_F(HeadLossTest, FrozenHeadPassesTheGradientOnAndTakesNone) {
  precision_.estimator = spec::Estimator::kNone;
  Linear head = MakeHead();
  Refresh(head);
  HeadGradient fused = HeadLossAndGradient(head, hidden_, targets_, 1);
  EXPECT_FALSE(master_.grad().defined());
  EXPECT_TRUE(fused.hidden.any().item<bool>());
}

// Row by row the first token whose share of the softmax, with those before it, exceeds the number;
// 600 rows are two pieces.
TEST_F(HeadLossTest, TargetsAreDrawnFromTheSoftmaxByTheNumberOfTheirRow) {
  Linear head = MakeHead();
  Refresh(head);
  const at::Tensor uniform = at::rand({kTokens}, at::kFloat);

  const at::Tensor drawn = SampleHeadTargets(head, hidden_, uniform);

  const at::Tensor reached =
      at::softmax(at::mm(hidden_, master_.detach().t()).to(at::kDouble), 1).cumsum(1);
  ASSERT_EQ(drawn.sizes(), uniform.sizes());
  const at::Tensor index = drawn.unsqueeze(1);
  const at::Tensor above = reached.gather(1, index).squeeze(1);
  const at::Tensor below = at::where(drawn.eq(0), at::zeros_like(above),
                                     reached.gather(1, (index - 1).clamp_min(0)).squeeze(1));
  constexpr double kRounding = 1e-4;  // of sums in fp32
  EXPECT_TRUE((above + kRounding).gt(uniform).all().item<bool>());
  EXPECT_TRUE((below - kRounding).le(uniform).all().item<bool>());
}

TEST_F(HeadLossTest, TheLargestNumberDrawsATokenOfTheVocabulary) {
  Linear head = MakeHead();
  Refresh(head);
  const float largest = std::nextafter(1.0F, 0.0F);
  const at::Tensor drawn = SampleHeadTargets(head, hidden_, at::full({kTokens}, largest));
  EXPECT_LT(drawn.max().item<int64_t>(), kVocabulary);
}

}  // namespace
}  // namespace fp4::trainer
