#include "server/core/verdict.h"

#include <gmock/gmock.h>

#include <cmath>

namespace fp4::core {
namespace {

using ::testing::HasSubstr;

constexpr VerdictTerms Terms(double margin = 0) {
  return {.reference = "baseline", .metric = "val/loss", .margin = margin};
}

Evidence Differences(std::vector<double> differences) {
  Evidence evidence;
  evidence.variant = "fp4";
  evidence.num_seeds = static_cast<int>(differences.size());
  for (double one : differences) evidence.values.push_back(2 + one);
  evidence.differences = std::move(differences);
  return evidence;
}

ComparisonVerdict JudgeOne(const Evidence& evidence, double margin = 0,
                           metric::Better better = metric::Better::kSmaller) {
  VerdictTerms terms = Terms(margin);
  terms.better = better;
  return Judge(terms, {&evidence, 1})[0];
}

// METHODS' table: half width over deviation, and the seeds that it takes.
TEST(SeedsForDifference, AgreesWithTheTable) {
  EXPECT_EQ(SeedsForDifference(2, 0.05), 4);
  EXPECT_EQ(SeedsForDifference(1, 0.05), 7);
  EXPECT_EQ(SeedsForDifference(0.5, 0.05), 18);
  EXPECT_EQ(SeedsForDifference(0.33, 0.05), 38);
  EXPECT_EQ(SeedsForDifference(1e-3, 0.05), std::nullopt);
}

// METHODS' table: margin over deviation for 80 % power.
TEST(SeedsForMargin, AgreesWithTheTable) {
  EXPECT_EQ(SeedsForMargin(3, 0.05), 3);
  EXPECT_EQ(SeedsForMargin(2, 0.05), 4);
  EXPECT_EQ(SeedsForMargin(1, 0.05), 8);
  EXPECT_EQ(SeedsForMargin(0.5, 0.05), 27);
  EXPECT_EQ(SeedsForMargin(0, 0.05), std::nullopt);
}

// Of two degrees of freedom p is 1 - t / sqrt(2 + t^2), here with t = 0.023 * sqrt(3) / 0.003.
constexpr double kClearP = 0.0056232873156;

TEST(Judge, ClaimsWhatTheIntervalCarries) {
  const ComparisonVerdict worse = JudgeOne(Differences({0.020, 0.023, 0.026}));
  EXPECT_EQ(worse.kind, VerdictKind::kWorse);
  EXPECT_NEAR(worse.p_holm.value(), kClearP, 1e-12);
  EXPECT_EQ(worse.text,
            "worse than baseline: val/loss higher by 0.023 (95 % interval +0.01555 to +0.03045, "
            "3 seeds); p = 0.0056");
  EXPECT_FALSE(worse.seeds_needed.has_value());
  EXPECT_EQ(JudgeOne(Differences({-0.020, -0.023, -0.026})).kind, VerdictKind::kBetter);
}

TEST(Judge, WhereLargerIsBetterTheSidesChange) {
  const Evidence higher = Differences({0.020, 0.023, 0.026});
  const ComparisonVerdict verdict = JudgeOne(higher, 0, metric::Better::kLarger);
  EXPECT_EQ(verdict.kind, VerdictKind::kBetter);
  EXPECT_THAT(verdict.text, HasSubstr("higher by 0.023"));
  EXPECT_EQ(JudgeOne(higher, 0, metric::Better::kNeither).kind, VerdictKind::kUndecided);
  // Lower by about 0.002, and 0.01 is allowed.
  EXPECT_EQ(
      JudgeOne(Differences({-0.001, -0.003, -0.0015, -0.0025}), 0.01, metric::Better::kLarger).kind,
      VerdictKind::kNoWorse);
}

TEST(Judge, UndecidedNamesTheSeedsThatWouldDecide) {
  // Mean 0.01, deviation 0.02: half of it, so 18 seeds.
  const ComparisonVerdict verdict = JudgeOne(Differences({-0.01, 0.01, 0.03}));
  EXPECT_EQ(verdict.kind, VerdictKind::kUndecided);
  EXPECT_EQ(verdict.seeds_needed, 18);
  EXPECT_THAT(verdict.text, HasSubstr("about 18 seeds would decide it, if they are like these 3"));
}

TEST(Judge, NoWorseByAMarginIsAnUpperBoundBelowIt) {
  // Upper end of the one-sided interval: 0.002 + 2.132 * 0.0015811 / sqrt(5) = 0.0035.
  const Evidence small = Differences({0.0, 0.001, 0.002, 0.003, 0.004});
  EXPECT_EQ(JudgeOne(small, 0.0036).kind, VerdictKind::kNoWorse);
  const ComparisonVerdict verdict = JudgeOne(small, 0.0034);
  EXPECT_EQ(verdict.kind, VerdictKind::kWorse);  // by the interval of d = 0: 0.00004 to 0.00396
  EXPECT_THAT(JudgeOne(small, 0.0036).text,
              HasSubstr("no worse than baseline by 0.0036, though worse"));
}

TEST(Judge, ABetterVariantIsBetterWhateverTheMargin) {
  EXPECT_EQ(JudgeOne(Differences({-0.020, -0.023, -0.026}), 0.01).kind, VerdictKind::kBetter);
}

TEST(Judge, WideIsUndecidedAgainstAMarginToo) {
  // Mean 0, deviation 0.02, margin 0.01: half of it, so 27 seeds.
  const ComparisonVerdict verdict = JudgeOne(Differences({-0.02, 0, 0.02}), 0.01);
  EXPECT_EQ(verdict.kind, VerdictKind::kUndecided);
  EXPECT_EQ(verdict.seeds_needed, 27);
  EXPECT_THAT(verdict.text, HasSubstr("undecided against a margin of 0.01"));
}

TEST(Judge, SeveralVariantsAreHeldToAStricterLevel) {
  const Evidence clear = Differences({0.020, 0.023, 0.026});
  const std::vector<Evidence> one = {clear}, ten(10, clear);
  EXPECT_EQ(Judge(Terms(), one)[0].kind, VerdictKind::kWorse);
  const std::vector<ComparisonVerdict> verdicts = Judge(Terms(), ten);
  EXPECT_EQ(verdicts[0].kind, VerdictKind::kUndecided);
  EXPECT_NEAR(verdicts[0].p_holm.value(), 10 * kClearP, 1e-12);
  EXPECT_EQ(verdicts[0].seeds_needed, 4);
}

TEST(Judge, WithoutASpreadThereIsNoTest) {
  const ComparisonVerdict same = JudgeOne(Differences({0.1, 0.1, 0.1}));
  EXPECT_EQ(same.kind, VerdictKind::kUndecided);
  EXPECT_THAT(same.text, HasSubstr("by +0.1 on each of 3 seeds: without a spread"));
  EXPECT_FALSE(same.p_holm.has_value());
  EXPECT_THAT(JudgeOne(Differences({0, 0})).text,
              HasSubstr("equal to baseline on each of 2 seeds"));
  // Rounding alone is no spread either.
  EXPECT_FALSE(JudgeOne(Differences({0.1, std::nextafter(0.1, 1)})).p_holm.has_value());
}

TEST(Judge, OneSeedTellsNothing) {
  const ComparisonVerdict verdict = JudgeOne(Differences({0.1}));
  EXPECT_EQ(verdict.kind, VerdictKind::kUndecided);
  EXPECT_THAT(verdict.text, HasSubstr("one seed does not tell chance from effect"));
  EXPECT_THAT(JudgeOne(Differences({})).text, HasSubstr("no seed has a value both here and in"));
}

TEST(Judge, MissingSeedsAreSaid) {
  Evidence evidence = Differences({0.020, 0.023, 0.026});
  evidence.num_seeds = 5;
  const ComparisonVerdict verdict = JudgeOne(evidence);
  EXPECT_EQ(verdict.kind, VerdictKind::kWorse);
  EXPECT_THAT(verdict.text, HasSubstr("; 2 of 5 seeds not paired"));
}

TEST(Judge, FailedAndDivergedRunsForbidAClaim) {
  Evidence failed = Differences({-0.020, -0.023});
  failed.num_seeds = 3;
  failed.failed_seeds = {7};
  EXPECT_EQ(JudgeOne(failed).kind, VerdictKind::kFailed);
  EXPECT_THAT(JudgeOne(failed).text, HasSubstr("1 of 3 runs failed (seed 7)"));
  Evidence diverged = Differences({-0.020, -0.023});
  diverged.num_seeds = 4;
  diverged.diverged_seeds = {8, 9};
  EXPECT_EQ(JudgeOne(diverged).kind, VerdictKind::kFailed);
  EXPECT_THAT(JudgeOne(diverged).text,
              HasSubstr("val/loss is not finite at the end of 2 of 4 runs (seeds 8, 9)"));
}

TEST(Judge, NothingIsClaimedWhileRunsAreGoing) {
  Evidence evidence = Differences({0.020, 0.023, 0.026});
  evidence.num_unfinished = 1;
  const ComparisonVerdict verdict = JudgeOne(evidence);
  EXPECT_EQ(verdict.kind, VerdictKind::kUndecided);
  EXPECT_THAT(verdict.text, HasSubstr("1 run has not finished, of it and of baseline"));
}

TEST(Judge, TheReferenceShowsItsNoise) {
  Evidence evidence = Differences({});
  evidence.is_reference = true;
  evidence.values = {2.0, 2.1};
  const ComparisonVerdict verdict = JudgeOne(evidence);
  EXPECT_EQ(verdict.kind, VerdictKind::kReference);
  EXPECT_THAT(verdict.text, HasSubstr("standard deviation of 0.07071"));
}

}  // namespace
}  // namespace fp4::core
