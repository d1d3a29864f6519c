// Simulated experiments with known effects: how often a verdict claims what is not so.
#include <gtest/gtest.h>

#include <random>

#include "server/core/verdict.h"

namespace fp4::core {
namespace {

constexpr int kNumExperiments = 1000;
// 5 %, and two standard deviations of how often such an event comes: some worlds have exactly 5 %.
constexpr int kAllowed = 50 + 14;
constexpr double kSeedNoise = 0.02, kRunNoise = 0.005;

struct World {
  const char* name;
  int num_seeds;
  std::vector<double> effects;  // of each variant
  double margin;
};

// The variants' runs share the reference's, as they do in an experiment.
std::vector<Evidence> Simulate(const World& world, std::mt19937_64& random) {
  std::normal_distribution<double> unit;
  std::vector<double> reference;
  for (int seed = 0; seed < world.num_seeds; ++seed) {
    reference.push_back(2.5 + kSeedNoise * unit(random));
  }
  std::vector<Evidence> all;
  for (double effect : world.effects) {
    Evidence evidence;
    evidence.num_seeds = world.num_seeds;
    for (int seed = 0; seed < world.num_seeds; ++seed) {
      const double difference = effect + kRunNoise * unit(random) + kRunNoise * unit(random);
      evidence.differences.push_back(difference);
      evidence.values.push_back(reference[static_cast<size_t>(seed)] + difference);
    }
    all.push_back(std::move(evidence));
  }
  return all;
}

bool IsFalse(VerdictKind kind, double effect, double margin) {
  switch (kind) {
    case VerdictKind::kBetter:
      return effect >= 0;
    case VerdictKind::kWorse:
      return effect <= 0;
    case VerdictKind::kNoWorse:
      return effect >= margin;
    case VerdictKind::kReference:
    case VerdictKind::kUndecided:
    case VerdictKind::kFailed:
      return false;
  }
  return false;
}

class FalseClaims : public ::testing::TestWithParam<World> {};

TEST_P(FalseClaims, OfAThousandExperimentsNoMoreThanFivePercent) {
  const World& world = GetParam();
  std::mt19937_64 random(20260102);
  const VerdictTerms terms{.reference = "baseline", .metric = "val/loss", .margin = world.margin};
  int num_false = 0;
  for (int i = 0; i < kNumExperiments; ++i) {
    const std::vector<ComparisonVerdict> verdicts = Judge(terms, Simulate(world, random));
    bool any = false;
    for (size_t v = 0; v < verdicts.size(); ++v) {
      any = any || IsFalse(verdicts[v].kind, world.effects[v], world.margin);
    }
    num_false += any ? 1 : 0;
  }
  EXPECT_LE(num_false, kAllowed);
}

INSTANTIATE_TEST_SUITE_P(
    Worlds, FalseClaims,
    ::testing::Values(World{"OneNull", 3, {0}, 0}, World{"FourNulls", 5, {0, 0, 0, 0}, 0},
                      World{"NullsAmongEffects", 4, {0, 0.02, 0, -0.02, 0.01}, 0},
                      World{"AtTheMargin", 5, {0.01}, 0.01},
                      World{"AtTheMarginAndNull", 5, {0.01, 0, 0.01, 0}, 0.01},
                      World{"SmallEffects", 3, {0.001, -0.001, 0.002}, 0},
                      World{"TwoSeeds", 2, {0, 0, 0}, 0}),
    [](const ::testing::TestParamInfo<World>& info) { return std::string(info.param.name); });

// A test that never claims anything would pass the one above.
TEST(TrueClaims, ALargeEffectIsFound) {
  std::mt19937_64 random(7);
  const World world{"", 5, {0.05, -0.05, 0}, 0};
  int num_found = 0;
  for (int i = 0; i < 200; ++i) {
    const auto verdicts =
        Judge({.reference = "baseline", .metric = "val/loss"}, Simulate(world, random));
    num_found +=
        verdicts[0].kind == VerdictKind::kWorse && verdicts[1].kind == VerdictKind::kBetter;
  }
  EXPECT_GT(num_found, 190);
}

}  // namespace
}  // namespace fp4::core
