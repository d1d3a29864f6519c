#include "trainer/health/anomaly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace fp4::trainer {
namespace {

using spec::AnomalyAction;
using Verdict = AnomalyVerdict;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

AnomalyPolicy Policy(AnomalyAction action, int64_t window = 8, double sigma = 6) {
  return AnomalyPolicy({.action = action, .window = window, .sigma = sigma});
}

// Losses 1 and 3 in turn, gradient norms 10 and 30.
AnomalyPolicy Accustomed(AnomalyAction action, int64_t steps = 8) {
  AnomalyPolicy policy = Policy(action);
  for (int64_t i = 0; i < steps; ++i) {
    const double value = i % 2 == 0 ? 1 : 3;
    EXPECT_FALSE(policy.Judge(value, 10 * value, 0).anomaly.has_value()) << i;
  }
  return policy;
}

TEST(UsualValues, SpreadIsOfTheLastWindowAndUnbiased) {
  UsualValues values(4);
  for (const double value : {100., 1., 2., 3., 4.}) values.Accept(value);
  const auto spread = values.spread();
  ASSERT_TRUE(spread.has_value());
  EXPECT_EQ(spread->count, 4);
  EXPECT_DOUBLE_EQ(spread->mean, 2.5);
  EXPECT_NEAR(spread->deviation, 1.2909944487358056, 1e-15);  // sqrt(5 / 3)
}

TEST(UsualValues, HaveNoSpreadBeforeHalfOfTheWindow) {
  UsualValues values(8);
  for (int i = 0; i < 3; ++i) values.Accept(i);
  EXPECT_FALSE(values.spread().has_value());
  values.Accept(3);
  EXPECT_TRUE(values.spread().has_value());
}

TEST(UsualValues, OfTheSmallestWindowNeedTwo) {
  UsualValues values(2);
  values.Accept(1);
  EXPECT_FALSE(values.spread().has_value());
  values.Accept(1);
  EXPECT_EQ(values.spread()->deviation, 1e-6);  // rounding alone is no deviation
}

// The deviation of {1, 3} × 4 is sqrt(8 / 7): six of them above the mean is 8.414.
TEST(AnomalyPolicy, ValueIsUnusualBeyondSigmaDeviationsAboveTheMean) {
  struct Row {
    double loss, gradient_norm;
    const char* what;  // null: usual
  };
  for (const Row& row : {Row{8.41, 20, nullptr}, Row{8.42, 20, "the loss"}, Row{2, 84.1, nullptr},
                         Row{2, 84.2, "the gradient norm"}, Row{-1000, 0, nullptr},
                         Row{kNan, 20, "the loss"}, Row{2, kInfinity, "the gradient norm"}}) {
    AnomalyPolicy policy = Accustomed(AnomalyAction::kSkip);
    const AnomalyJudgement judgement = policy.Judge(row.loss, row.gradient_norm, 0);
    EXPECT_EQ(judgement.anomaly.has_value(), row.what != nullptr) << row.loss;
    if (judgement.anomaly) {
      EXPECT_EQ(judgement.anomaly->what, row.what);
    }
  }
}

TEST(AnomalyPolicy, BeforeHalfOfTheWindowOnlyWhatIsNotFiniteIsUnusual) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kSkip, 3);
  EXPECT_EQ(policy.Judge(1e9, 20, 0).verdict, Verdict::kApply);
  EXPECT_EQ(policy.Judge(kNan, 20, 0).verdict, Verdict::kLeaveOut);
}

TEST(AnomalyPolicy, EachActionHasItsVerdict) {
  struct Row {
    AnomalyAction action;
    Verdict of_high, of_non_finite;
  };
  for (const Row& row : {Row{AnomalyAction::kStop, Verdict::kApply, Verdict::kEnd},
                         Row{AnomalyAction::kLog, Verdict::kApply, Verdict::kLeaveOut},
                         Row{AnomalyAction::kSkip, Verdict::kLeaveOut, Verdict::kLeaveOut},
                         Row{AnomalyAction::kRollback, Verdict::kGoBack, Verdict::kGoBack}}) {
    EXPECT_EQ(Accustomed(row.action).Judge(1000, 20, 0).verdict, row.of_high);
    EXPECT_EQ(Accustomed(row.action).Judge(2, kNan, 0).verdict, row.of_non_finite);
  }
}

TEST(AnomalyPolicy, WhatIsLeftOutDoesNotEnterTheWindow) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kSkip);
  const auto before = policy.state().loss.values();
  policy.Judge(1000, 20, 0);
  policy.Judge(kNan, 20, 0);
  EXPECT_EQ(policy.state().loss.values(), before);
  policy.Judge(2.5, 20, 0);
  EXPECT_EQ(policy.state().loss.values().back(), 2.5);
}

TEST(AnomalyPolicy, WhatIsAppliedAlthoughItIsHighBecomesUsual) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kLog);
  EXPECT_TRUE(policy.Judge(50, 20, 0).anomaly.has_value());
  EXPECT_FALSE(policy.Judge(50, 20, 0).anomaly.has_value());
}

TEST(AnomalyPolicy, FourthStepLeftOutInARowEndsTheRun) {
  for (const AnomalyAction action : {AnomalyAction::kSkip, AnomalyAction::kLog}) {
    AnomalyPolicy policy = Accustomed(action);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(policy.Judge(kNan, 20, 0).verdict, Verdict::kLeaveOut);
    EXPECT_EQ(policy.Judge(kNan, 20, 0).verdict, Verdict::kEnd);
  }
}

TEST(AnomalyPolicy, AppliedStepBetweenBeginsTheCountAnew) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kSkip);
  for (int i = 0; i < 12; ++i)
    EXPECT_NE(policy.Judge(i % 4 == 3 ? 2 : kNan, 20, 0).verdict, Verdict::kEnd) << i;
}

TEST(AnomalyPolicy, GoingBackPassesOverTheBatchesSinceTheCheckpoint) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kRollback);
  policy.Judge(1000, 20, 100);
  policy.WentBack(policy.state().history, /*update=*/108, /*step=*/100);
  EXPECT_EQ(policy.data_offset(), 8);
  policy.Judge(1000, 20, 100);
  policy.WentBack(policy.state().history, /*update=*/103, /*step=*/100);
  EXPECT_EQ(policy.data_offset(), 11);
}

TEST(AnomalyPolicy, FourthReturnToOneCheckpointEndsTheRun) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kRollback);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(policy.Judge(kNan, 20, 100).verdict, Verdict::kGoBack);
    policy.WentBack(policy.state().history, 105, 100);
  }
  EXPECT_EQ(policy.Judge(kNan, 20, 100).verdict, Verdict::kEnd);
  EXPECT_EQ(policy.Judge(kNan, 20, 200).verdict, Verdict::kGoBack);
}

// A checkpoint of a later step than the document's stands in for it on another disk.
TEST(AnomalyPolicy, ReturnToALaterCheckpointCountsToo) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kRollback);
  for (int i = 0; i < 3; ++i) policy.WentBack(policy.state().history, 109, 104);
  EXPECT_EQ(policy.Judge(kNan, 20, 100).verdict, Verdict::kEnd);
}

TEST(AnomalyPolicy, TellsTenOneByOneAndThenThoseWhoseNumberIsAPowerOfTwo) {
  AnomalyPolicy policy = Accustomed(AnomalyAction::kLog);
  std::vector<int> told;
  double value = 10;
  for (int number = 1; number <= 40; ++number) {
    value *= 100;
    const AnomalyJudgement judgement = policy.Judge(value, 20, 0);
    ASSERT_TRUE(judgement.anomaly.has_value()) << number;
    if (judgement.tell) told.push_back(number);
    for (int i = 0; i < 8; ++i) policy.Judge(value * (1 + 1e-3 * (i % 2)), 20, 0);
  }
  EXPECT_THAT(told, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32));
}

TEST(Anomaly, IsDescribedWithItsNumbers) {
  EXPECT_EQ(Anomaly({"the loss", 9.5, {2.5, 0.5, 128}}).Describe(),
            "the loss is 9.5, above the mean 2.5 of 128 steps by 14.0 standard deviations");
  EXPECT_EQ(Anomaly({"the gradient norm", kInfinity, {}}).Describe(), "the gradient norm is inf");
}

}  // namespace
}  // namespace fp4::trainer
