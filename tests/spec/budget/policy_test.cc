#include "spec/budget/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "absl/strings/str_cat.h"
#include "spec/layers.h"
#include "tests/spec/reading.h"

namespace fp4::spec {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

constexpr ComputeDtype kDtype = ComputeDtype::kFp32;

// Sixteen layers of four blocks; candidates nvfp4-weights, int8, baseline.
BudgetSpec BudgetOf(const std::string& fields) {
  return ReadRun(
             absl::StrCat(
                 R"({"name": "a", "training": {"compute_dtype": "fp32"}, "precision": {"budget": {)",
                 fields, "}}}"))
      .budget;
}

enum class Noise : uint8_t {
  kNormal,
  kSquares,  // of normal numbers, as the second order of few targets is
  kTailed,   // the exponential of normal ones: now and then one score is larger than all others
};

// Scores by layer and candidate: `means`, and on top noise.
class Scores {
 public:
  explicit Scores(const BudgetSpec& budget, double noise = 0, Noise kind = Noise::kNormal)
      : kind_(kind), noise_(0, 1), spread_(noise) {
    for (const auto& layer : budget.candidates.layers) means_.emplace_back(layer.size(), 0.0);
  }

  double& operator()(size_t layer, size_t candidate) { return means_[layer][candidate]; }

  std::vector<BudgetSample> Samples(int count) {
    std::vector<BudgetSample> samples(static_cast<size_t>(count));
    for (BudgetSample& sample : samples) {
      for (const std::vector<double>& layer : means_) {
        for (const double mean : layer) sample.push_back(mean + spread_ * Draw());
      }
    }
    return samples;
  }

 private:
  double Draw() {
    const double normal = noise_(random_);
    switch (kind_) {
      case Noise::kNormal:
        return normal;
      case Noise::kSquares:
        return normal * normal;
      case Noise::kTailed:
        return std::exp(2 * normal);
    }
    return 0;
  }

  Noise kind_;
  std::mt19937_64 random_{5};
  std::normal_distribution<double> noise_;
  double spread_;
  std::vector<std::vector<double>> means_;
};

TEST(Budget, FirstDecisionTakesTheBestWithinTheLimit) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 6)");
  Scores scores(budget);
  for (size_t layer = 0; layer < 16; ++layer) scores(layer, 0) = layer == 3 ? 1.0 : 0.01;
  BudgetState state = InitialBudgetState(budget, kDtype);
  EXPECT_THAT(state.At(20), Each(-1));

  const Decision decision = Decide(budget, kDtype, 20, scores.Samples(4), state);

  EXPECT_TRUE(decision.changed) << decision.why;
  EXPECT_LE(decision.bytes, budget.limit);
  EXPECT_NE(state.now[3], 0);
  EXPECT_EQ(decision.predicted, decision.bound);
  EXPECT_THAT(state.At(20), Each(-1)) << "the update that was measured keeps its precision";
  EXPECT_EQ(state.At(21), state.now);
  EXPECT_EQ(decision.changes.size(), 16u);
}

class BudgetNoiseTest : public testing::TestWithParam<Noise> {};

TEST_P(BudgetNoiseTest, NoiseAloneSwitchesAtMostOneDecisionInAHundred) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 10, "dwell": 0)");
  Scores scores(budget, 1.0, GetParam());
  BudgetState state = InitialBudgetState(budget, kDtype);
  int switches = 0;
  constexpr int kDecisions = 1000;
  for (int i = 0; i <= kDecisions; ++i) {
    const Decision decision = Decide(budget, kDtype, 20 + 50 * i, scores.Samples(4), state);
    if (i > 0 && decision.changed) ++switches;
  }
  EXPECT_LE(switches, kDecisions / 100);
}

INSTANTIATE_TEST_SUITE_P(Kinds, BudgetNoiseTest,
                         testing::Values(Noise::kNormal, Noise::kSquares, Noise::kTailed));

TEST(Budget, ASureGainSwitchesOnceAndIsExplained) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 6)");
  Scores scores(budget, 0.01);
  scores(2, 0) = 1.0;
  BudgetState state = InitialBudgetState(budget, kDtype);
  Decide(budget, kDtype, 20, scores.Samples(4), state);
  const std::vector<int32_t> first = state.now;
  ASSERT_NE(first[2], 0);
  scores(2, 0) = 0;
  scores(9, 0) = 1.0;
  int switches = 0;
  for (int64_t update = 70; update <= 570; update += 50) {
    const Decision decision = Decide(budget, kDtype, update, scores.Samples(4), state);
    if (!decision.changed) continue;
    ++switches;
    EXPECT_GT(decision.gain, decision.needed);
    EXPECT_THAT(decision.why, HasSubstr("another assignment is better: gain "));
  }
  EXPECT_EQ(switches, 1);
  EXPECT_NE(state.now[9], 0);
}

TEST(Budget, ALayerThatHasJustSwitchedKeepsItsCandidate) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 6, "dwell": 1000)");
  Scores scores(budget, 0.001);
  scores(2, 0) = 1.0;
  BudgetState state = InitialBudgetState(budget, kDtype);
  Decide(budget, kDtype, 20, scores.Samples(4), state);
  scores(2, 0) = 0;
  scores(9, 0) = 1.0;
  for (int64_t update = 70; update < 1020; update += 50)
    EXPECT_FALSE(Decide(budget, kDtype, update, scores.Samples(4), state).changed) << update;
  EXPECT_TRUE(Decide(budget, kDtype, 1020, scores.Samples(4), state).changed);
}

TEST(Budget, AGainBelowMinGainChangesNothing) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 6, "dwell": 0, "min_gain": 2)");
  Scores scores(budget, 0.001);
  scores(2, 0) = 1.0;
  BudgetState state = InitialBudgetState(budget, kDtype);
  Decide(budget, kDtype, 20, scores.Samples(4), state);
  scores(2, 0) = 0;
  scores(9, 0) = 1.0;
  for (int64_t update = 70; update < 500; update += 50)
    EXPECT_FALSE(Decide(budget, kDtype, update, scores.Samples(4), state).changed);
}

TEST(Budget, RaiseOnlyBeginsAtTheSmallestAndNeverGoesBack) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 6, "switch": "raise-only", "dwell": 0)");
  BudgetState state = InitialBudgetState(budget, kDtype);
  EXPECT_THAT(state.At(1), Each(0));
  Scores scores(budget, 0.001);
  for (const size_t sensitive : {2, 9, 5}) {
    for (size_t layer = 0; layer < 16; ++layer) scores(layer, 0) = layer == sensitive ? 1.0 : 0.0;
    const std::vector<int32_t> before = state.now;
    for (int i = 0; i < 8; ++i) Decide(budget, kDtype, 20 + i, scores.Samples(4), state);
    for (size_t layer = 0; layer < 16; ++layer) EXPECT_GE(state.now[layer], before[layer]);
  }
  EXPECT_GT(state.now[2], 0);
}

TEST(Budget, LayersOfAGroupSwitchTogether) {
  const BudgetSpec budget =
      BudgetOf(R"("weight_bits": 8, "groups": ["blocks.0.**", "blocks.{1..2}.mlp.*"])");
  Scores scores(budget, 1.0);
  BudgetState state = InitialBudgetState(budget, kDtype);
  for (int i = 0; i < 5; ++i) {
    Decide(budget, kDtype, 20 + 200 * i, scores.Samples(4), state);
    for (const std::vector<size_t>& group :
         std::vector<std::vector<size_t>>{{0, 1, 2, 3}, {6, 7, 10, 11}}) {
      for (const size_t layer : group) EXPECT_EQ(state.now[layer], state.now[group[0]]);
    }
  }
}

TEST(Budget, OnceDecidesOnceAndOthersEachTime) {
  const BudgetSpec once = BudgetOf(R"("weight_bits": 6, "switch": "once", "from_step": 7)");
  BudgetState state = InitialBudgetState(once, kDtype);
  EXPECT_FALSE(DecisionIsDue(once, state, 6, 400));
  EXPECT_TRUE(DecisionIsDue(once, state, 7, 400));
  Scores scores(once);
  Decide(once, kDtype, 7, scores.Samples(4), state);
  EXPECT_FALSE(DecisionIsDue(once, state, 57, 400));

  const BudgetSpec other = BudgetOf(R"("weight_bits": 6, "from_step": 7, "every": 50)");
  EXPECT_TRUE(DecisionIsDue(other, state, 57, 400));
  EXPECT_FALSE(DecisionIsDue(other, state, 58, 400));
  EXPECT_FALSE(DecisionIsDue(other, state, 57, 57)) << "nothing follows";
}

TEST(Budget, ASwitchThatCouldNotBeRecoveredFromIsNotDecided) {
  const BudgetSpec budget =
      BudgetOf(R"("weight_bits": 6, "from_step": 7, "every": 50, "dwell": 30)");
  BudgetState state = InitialBudgetState(budget, kDtype);
  EXPECT_TRUE(DecisionIsDue(budget, state, 7, 8)) << "the first one is always made";
  Scores scores(budget);
  Decide(budget, kDtype, 7, scores.Samples(4), state);
  EXPECT_TRUE(DecisionIsDue(budget, state, 57, 87));
  EXPECT_FALSE(DecisionIsDue(budget, state, 57, 86));
}

TEST(Budget, InSecondsAddsUpWhatWasMeasured) {
  const BudgetSpec budget = BudgetOf(R"("step_seconds": 0.0485)");
  Scores scores(budget);
  for (size_t layer = 0; layer < 16; ++layer) scores(layer, 2) = layer == 3 ? -1.0 : -0.01;
  BudgetState state = InitialBudgetState(budget, kDtype);
  // nvfp4-weights 3 ms, int8 4 ms, baseline 3.5 ms: room for one layer in baseline.
  state.nanoseconds.assign(16, {3'000'000, 4'000'000, 3'500'000});

  const Decision decision = Decide(budget, kDtype, 20, scores.Samples(4), state);

  EXPECT_EQ(decision.limit_seconds, 0.0485);
  EXPECT_DOUBLE_EQ(decision.seconds, 0.0485);
  EXPECT_EQ(decision.limit_bytes, 0);
  EXPECT_GT(decision.bytes, 0) << "of the weights";
  for (size_t layer = 0; layer < 16; ++layer) EXPECT_EQ(state.now[layer], layer == 3 ? 2 : 0);
  EXPECT_THAT(Describe(decision), HasSubstr("0.0485 of 0.0485 seconds"));
}

TEST(Budget, ScoresThatAreNotFiniteDecideNothing) {
  const BudgetSpec budget = BudgetOf(R"("weight_bits": 6)");
  Scores scores(budget);
  scores(4, 1) = std::numeric_limits<double>::quiet_NaN();
  BudgetState state = InitialBudgetState(budget, kDtype);
  const Decision decision = Decide(budget, kDtype, 20, scores.Samples(4), state);
  EXPECT_FALSE(decision.changed);
  EXPECT_THAT(decision.why, HasSubstr("no score is finite"));
  EXPECT_THAT(state.At(21), Each(-1));
}

}  // namespace
}  // namespace fp4::spec
