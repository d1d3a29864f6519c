#include "spec/budget/knapsack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <random>

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Groups = std::vector<std::vector<KnapsackItem>>;

// Every assignment, in the order of the items.
std::optional<KnapsackSolution> BruteForce(const Groups& groups, int64_t limit) {
  std::optional<KnapsackSolution> best;
  std::vector<int32_t> choice(groups.size(), 0);
  for (;;) {
    KnapsackSolution sum{.choice = choice};
    for (size_t g = 0; g < groups.size(); ++g) {
      sum.bytes += groups[g][static_cast<size_t>(choice[g])].bytes;
      sum.score += groups[g][static_cast<size_t>(choice[g])].score;
    }
    const bool better =
        !best || sum.score < best->score || (sum.score == best->score && sum.bytes < best->bytes);
    if (sum.bytes <= limit && better) best = sum;
    size_t g = groups.size();
    while (g > 0 && ++choice[g - 1] == static_cast<int32_t>(groups[g - 1].size())) choice[--g] = 0;
    if (g == 0) return best;
  }
}

// `coarse`: scores of few values, so that many assignments are equally good.
Groups RandomGroups(std::mt19937_64& random, size_t most_groups, size_t most_items, bool coarse) {
  Groups groups(1 + random() % most_groups);
  for (auto& items : groups) {
    items.resize(1 + random() % most_items);
    for (KnapsackItem& item : items) {
      item.bytes = static_cast<int64_t>(random() % 50);
      item.score = coarse ? static_cast<double>(random() % 8) * 0.25
                          : static_cast<double>(random() % 100000) * 1e-5 - 0.2;
    }
  }
  return groups;
}

TEST(SolveKnapsack, EqualsBruteForceOnRandomProblems) {
  std::mt19937_64 random(7);
  int solved = 0;
  for (int i = 0; i < 2000; ++i) {
    const Groups groups = RandomGroups(random, 6, 5, i % 2 == 0);
    const auto limit = static_cast<int64_t>(random() % 200);
    const std::optional<KnapsackSolution> expected = BruteForce(groups, limit);
    const auto found = SolveKnapsack(groups, {.bytes = limit});
    ASSERT_EQ(found.ok(), expected.has_value()) << found.status();
    if (!expected) continue;
    ++solved;
    EXPECT_EQ(found->score, expected->score) << "problem " << i;
    EXPECT_EQ(found->bytes, expected->bytes) << "problem " << i;
    EXPECT_EQ(found->choice, expected->choice) << "problem " << i;
    EXPECT_TRUE(found->proven());
  }
  EXPECT_GE(solved, 1000);
}

TEST(SolveKnapsack, TakesTwoHundredLayersOfTwelveCandidatesInASecond) {
  std::mt19937_64 random(11);
  Groups groups(200);
  int64_t largest = 0;
  for (auto& items : groups) {
    const auto weights = static_cast<int64_t>(100'000 + random() % 10'000'000);
    double score = 1e-3 * static_cast<double>(1 + random() % 1000);
    for (int64_t bits = 3; bits <= 14; ++bits) {
      items.push_back({weights * bits / 8 + static_cast<int64_t>(random() % 64), score});
      score *= 0.2 + 0.6 * static_cast<double>(random() % 1000) / 1000;
    }
    largest += items.back().bytes;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto found = SolveKnapsack(groups, {.bytes = largest * 2 / 5});
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->proven());
  EXPECT_LE(found->bytes, largest * 2 / 5);
  EXPECT_LT(spent.count(), 1.0);
}

TEST(SolveKnapsack, SaysWhatItGaveUpWhereMemoryIsShort) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200; ++i) {
    const Groups groups = RandomGroups(random, 6, 5, false);
    const std::optional<KnapsackSolution> best = BruteForce(groups, 120);
    const auto found = SolveKnapsack(groups, {.bytes = 120, .max_states = 1});
    ASSERT_EQ(found.ok(), best.has_value()) << found.status();
    if (!best) continue;
    EXPECT_LE(found->bytes, 120);
    EXPECT_GE(found->score, best->score);
    EXPECT_LE(found->bound, best->score + 1e-12) << "problem " << i;
  }
}

TEST(SolveKnapsack, LimitBelowTheSmallestAssignmentNamesItsBytes) {
  const auto found = SolveKnapsack({{{10, 1}, {4, 2}}, {{3, 0}}}, {.bytes = 6});
  EXPECT_EQ(found.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("takes 7 bytes, more than the 6"));
}

TEST(SolveKnapsack, AGroupWithOneItemIsPinned) {
  const auto found = SolveKnapsack({{{10, 1}}, {{3, 5}, {4, 0}}}, {.bytes = 13});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->choice, ElementsAre(0, 0));
}

TEST(SolveKnapsack, RefusesWhatIsNoProblem) {
  const std::vector<Groups> bad = {{{}}, {{{-1, 0}}}, {{{1, std::nan("")}}}};
  for (const Groups& groups : bad) {
    EXPECT_EQ(SolveKnapsack(groups, {.bytes = 5}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fp4::spec
