#include "server/core/search/rungs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
// Needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace fp4::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(RungSteps, AreFractionsOfTheStepsFromTheEndDown) {
  struct Row {
    int64_t steps, min_steps, factor;
    std::vector<int64_t> rungs;
  };
  const Row rows[] = {{400, 50, 4, {100, 400}},      // 1 + floor(log4 8) = 2 rungs
                      {400, 25, 4, {25, 100, 400}},  // exactly log4 16
                      {400, 26, 4, {100, 400}},
                      {100, 1, 3, {1, 3, 11, 33, 100}},  // max(1, floor(100 / 3^k))
                      {81, 1, 3, {1, 3, 9, 27, 81}},
                      {10, 10, 4, {10}},
                      {10, 11, 4, {}},
                      {1, 1, 2, {1}}};
  for (const Row& row : rows) {
    EXPECT_EQ(RungSteps(row.steps, row.min_steps, row.factor), row.rungs)
        << row.steps << " " << row.min_steps << " " << row.factor;
  }
}

struct Reported {
  int64_t trial;
  double loss;
  bool kept;
};

void ExpectDecisions(const std::vector<Reported>& reports, int64_t factor) {
  Rung rung;
  for (const Reported& report : reports) {
    const RungDecision decision = rung.Report({report.trial, {report.loss}}, factor);
    EXPECT_EQ(decision.kept, report.kept) << "trial " << report.trial << " at " << report.loss;
  }
}

TEST(Rung, KeepsTheFirstAndThenThoseAmongTheBestShare) {
  ExpectDecisions({{0, 5.0, true},   // the first of one
                   {1, 4.0, true},   // best of two, one goes on
                   {2, 4.5, false},  // second of three
                   {3, 3.0, true},   // best of four
                   {4, 3.5, false},  // second of five
                   {5, 9.0, false},
                   {6, 2.0, true},
                   {7, 2.5, true}},  // second of eight, of which two go on
                  4);
}

TEST(Rung, BreaksTiesByTheTrialsNumber) {
  ExpectDecisions({{3, 1.0, true}, {5, 1.0, false}, {1, 1.0, true}}, 4);
}

TEST(Rung, TakesWhatIsNotFiniteAsWorst) {
  spec::SearchSpec search;
  search.metrics = {{"val/loss", false}, {"val/accuracy", true}};
  EXPECT_THAT(Losses(search, std::vector{2.0, 0.5}, false), ElementsAre(2.0, -0.5));
  EXPECT_THAT(Losses(search, std::vector{2.0, kNan}, false), ElementsAre(2.0, kInfinity));
  EXPECT_THAT(Losses(search, std::vector{kNan, 0.5}, false), ElementsAre(kInfinity, kInfinity));
  EXPECT_THAT(Losses(search, std::vector{-kInfinity, 0.5}, false),
              ElementsAre(kInfinity, kInfinity));
  EXPECT_THAT(Losses(search, std::vector{2.0, 0.5}, true), ElementsAre(kInfinity, kInfinity));
}

TEST(Rung, KeepsTheFrontOfSeveralMetrics) {
  Rung rung;
  EXPECT_TRUE(rung.Report({0, {1, 9}}, 4).kept);
  EXPECT_TRUE(rung.Report({1, {2, 8}}, 4).on_front);
  EXPECT_TRUE(rung.Report({2, {3, 7}}, 4).kept) << "nobody is better in both";
  const RungDecision beaten = rung.Report({3, {3, 8}}, 4);
  EXPECT_FALSE(beaten.kept);
  EXPECT_EQ(beaten.place, 4);
}

// The definition, written down plainly: of n that have reported, the newcomer goes on when fewer
// than max(1, n / factor) are better, equals by their numbers.
RC_GTEST_PROP(RungProperty, DecidesAsTheDefinitionSays,
              (const std::vector<uint8_t>& losses, uint8_t factor_seed)) {
  const int64_t factor = 2 + factor_seed % 4;
  Rung rung;
  for (size_t n = 1; n <= losses.size(); ++n) {
    const auto own = static_cast<int64_t>(n) - 1;
    const double loss = losses[n - 1] % 8;
    int64_t better = 0;
    for (size_t i = 0; i + 1 < n; ++i) better += losses[i] % 8 <= loss ? 1 : 0;
    const RungDecision decision = rung.Report({own, {loss}}, factor);
    RC_ASSERT(decision.kept == (better < std::max<int64_t>(1, static_cast<int64_t>(n) / factor)));
  }
}

// A restart reads the reports again: it comes to the same decisions, those after it too.
RC_GTEST_PROP(RungProperty, GoesOnAfterARestartAsWithoutOne,
              (const std::vector<std::pair<uint8_t, uint8_t>>& reports, uint8_t cut)) {
  const auto entry = [&](size_t i) {
    return RungEntry{
        static_cast<int64_t>(i),
        {static_cast<double>(reports[i].first % 4), static_cast<double>(reports[i].second % 4)}};
  };
  Rung whole;
  std::vector<bool> kept;
  for (size_t i = 0; i < reports.size(); ++i) kept.push_back(whole.Report(entry(i), 3).kept);
  Rung again;
  const size_t before = reports.empty() ? 0 : cut % reports.size();
  for (size_t i = 0; i < before; ++i) again.Report(entry(i), 3);
  for (size_t i = before; i < reports.size(); ++i) {
    RC_ASSERT(again.Report(entry(i), 3).kept == kept[i]);
  }
}

TEST(BrokenConstraints, NamesEachLimitThatIsBroken) {
  spec::SearchSpec search;
  search.constraints = {{.quantity = "weight_bytes", .min = {}, .max = 1000},
                        {.quantity = "val/accuracy", .min = 0.5, .max = {}}};
  EXPECT_THAT(BrokenConstraints(search, std::vector{1000.0, 0.5}), IsEmpty());
  EXPECT_THAT(BrokenConstraints(search, std::vector{kNan, kNan}), IsEmpty());
  EXPECT_EQ(BrokenConstraints(search, std::vector{2000.0, 0.25}),
            "weight_bytes is 2000, above the max of 1000; val/accuracy is 0.25, below the min of "
            "0.5");
}

TEST(BestOf, AreAllThatNobodyDominates) {
  using Rows = std::vector<std::vector<double>>;
  EXPECT_THAT(BestOf(Rows{{3}, {1}, {1}, {kInfinity}}), ElementsAre(false, true, true, false));
  EXPECT_THAT(BestOf(Rows{{1, 9}, {2, 8}, {2, 9}}), ElementsAre(true, true, false));
  EXPECT_THAT(BestOf(Rows{{kInfinity}}), ElementsAre(false));
}

TEST(DescribeDecision, SaysPlaceAndHowManyGoOn) {
  spec::SearchSpec search;
  search.metrics = {{"val/loss", false}};
  EXPECT_EQ(DescribeDecision(search, {.kept = false, .place = 3, .of = 8, .go_on = 2}, 2.5, 25, ""),
            "val/loss 2.5 at step 25 is place 3 of 8; the best 2 go on");
  EXPECT_THAT(DescribeDecision(search, {.kept = false, .place = 3, .of = 8, .go_on = 1}, 2.5, 25,
                               "weight_bytes is 9"),
              HasSubstr("as the worst (weight_bytes is 9); the best 1 goes on"));
}

}  // namespace
}  // namespace fp4::core
