#include "trainer/sensitivity/record_terms.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

constexpr int64_t kRecords = 5, kTargetsOfRecord = 3, kClasses = 7;

at::Tensor Losses(const at::Tensor& logits, const at::Tensor& classes) {
  return at::cross_entropy_loss(logits.to(at::kDouble), classes, {}, at::Reduction::None)
      .view({kRecords, kTargetsOfRecord})
      .mean(1);
}

struct Logits {
  explicit Logits(double size) {
    at::manual_seed(3);
    values = at::randn({kRecords * kTargetsOfRecord, kClasses}) * 2;
    change = at::randn_like(values) * size;
    classes = at::randint(kClasses, {values.size(0)}, at::kLong);
  }
  at::Tensor values, change, classes;
};

TEST(RecordTerms, FollowedTermsAddUpToTheChangeOfTheLossHoweverLarge) {
  for (const double size : {1e-3, 1.0, 30.0}) {
    const Logits logits(size);
    const at::Tensor changed = logits.values + logits.change;
    const RecordTerms terms = FollowedTerms(logits.values, changed, logits.classes, kRecords);
    const at::Tensor expected =
        Losses(changed, logits.classes) - Losses(logits.values, logits.classes);
    EXPECT_TRUE(at::allclose(terms.first + terms.second, expected, 1e-6, 1e-9)) << size;
    EXPECT_GE(terms.second.min().item<double>(), 0);
  }
}

// Expanded where the logits are, with every class drawn as often as it is likely.
TEST(RecordTerms, SmallChangesExpandToTheSame) {
  const Logits logits(1e-2);
  const double targets = kRecords * kTargetsOfRecord;
  const at::Tensor p = at::softmax(logits.values, 1);
  const RecordTerms followed =
      FollowedTerms(logits.values, logits.values + logits.change, logits.classes, kRecords);
  const at::Tensor gradient = (p - at::one_hot(logits.classes, kClasses)) / targets;
  const RecordTerms expanded =
      ExpandedTerms(gradient, gradient, logits.change, kRecords, kRecords * kTargetsOfRecord);
  EXPECT_TRUE(at::allclose(expanded.first, followed.first, 1e-4, 1e-7));
  at::Tensor second = at::zeros_like(followed.second);
  for (int64_t row = 0; row < logits.values.size(0); ++row) {
    for (int64_t c = 0; c < kClasses; ++c) {
      at::Tensor drawn = at::zeros_like(gradient);
      drawn[row] = p[row] / targets;
      drawn[row][c] -= 1 / targets;
      second += ExpandedTerms(gradient, drawn, logits.change, kRecords, kRecords * kTargetsOfRecord)
                    .second *
                p[row][c].item<double>();
    }
  }
  EXPECT_TRUE(at::allclose(second, followed.second, 2e-2, 0));
}

}  // namespace
}  // namespace fp4::trainer
