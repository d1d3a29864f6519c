#include "server/core/compare.h"

#include <gmock/gmock.h>

#include <cmath>

namespace fp4::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunResult Completed(const std::string& variant, uint64_t seed, double value) {
  RunResult run;
  run.variant = variant;
  run.seed = seed;
  run.state = RunState::kCompleted;
  run.curve = {{0, 9.0}, {40, value}};
  run.attempts.resize(1);
  return run;
}

ComparisonQuestion Question() {
  return {
      .variants = {{"fp4", ""}, {"baseline", ""}}, .reference = "baseline", .metric = "val/loss"};
}

// Three of four seeds pair. Expected numbers: Python's statistics module.
std::vector<RunResult> FourSeeds() {
  return {Completed("fp4", 1, 2.131),      Completed("fp4", 2, 2.150),
          Completed("fp4", 3, 2.119),      Completed("fp4", 5, 2.2),
          Completed("baseline", 1, 2.101), Completed("baseline", 2, 2.143),
          Completed("baseline", 3, 2.087), Completed("baseline", 4, 2.120)};
}

TEST(Compare, AgreesWithPython) {
  const Comparison comparison = Compare(Question(), FourSeeds());

  const VariantSummary& fp4 = comparison.variants[0];
  EXPECT_EQ(fp4.n, 4);
  EXPECT_NEAR(fp4.mean, 2.15, 1e-14);
  EXPECT_NEAR(fp4.std.value(), 0.035693136595149555, 1e-14);
  EXPECT_EQ(fp4.difference->num_pairs, 3);
  EXPECT_NEAR(fp4.difference->mean, 0.022999999999999982, 1e-14);
  EXPECT_NEAR(fp4.difference->ci95->low, -0.011510744022571223, 1e-12);
  EXPECT_NEAR(fp4.difference->ci95->high, 0.057510744022571184, 1e-12);
  const VariantSummary& baseline = comparison.variants[1];
  EXPECT_NEAR(baseline.mean, 2.11275, 1e-14);
  EXPECT_NEAR(baseline.std.value(), 0.024281337140555637, 1e-14);
  EXPECT_FALSE(baseline.difference.has_value());
}

TEST(Compare, OneSeedHasNeitherDeviationNorInterval) {
  const std::vector<RunResult> runs = {Completed("fp4", 1, 2.5), Completed("baseline", 1, 2.25)};
  const VariantSummary fp4 = Compare(Question(), runs).variants[0];
  EXPECT_FALSE(fp4.std.has_value());
  EXPECT_EQ(fp4.difference->mean, 0.25);
  EXPECT_FALSE(fp4.difference->ci95.has_value());
}

TEST(Compare, WithoutACommonSeedThereIsNoDifference) {
  const std::vector<RunResult> runs = {Completed("fp4", 1, 2.5), Completed("baseline", 2, 2.25)};
  EXPECT_FALSE(Compare(Question(), runs).variants[0].difference.has_value());
}

TEST(Compare, OnlyCompletedRunsCount) {
  std::vector<RunResult> runs = FourSeeds();
  runs[0].state = RunState::kFailed;
  runs[1].state = RunState::kCancelled;
  runs[2].state = RunState::kRunning;

  const Comparison comparison = Compare(Question(), runs);

  EXPECT_EQ(comparison.variants[0].n, 1);
  EXPECT_EQ(comparison.variants[0].num_runs, 4);
  EXPECT_EQ(comparison.variants[0].num_failed, 2);
  EXPECT_EQ(comparison.variants[0].mean, 2.2);
  EXPECT_THAT(comparison.warnings, ElementsAre("fp4: 2 of 4 runs failed or were cancelled",
                                               "fp4: 1 of 4 runs have not finished"));
}

TEST(Compare, AVariantWithoutRunsHasNoMean) {
  const Comparison comparison = Compare(Question(), {});
  EXPECT_EQ(comparison.variants[0].n, 0);
  EXPECT_TRUE(std::isnan(comparison.variants[0].mean));
  EXPECT_FALSE(comparison.variants[0].accuracy.has_value());
}

TEST(Compare, NamesAFindingOnce) {
  std::vector<RunResult> runs = FourSeeds();
  for (int i : {0, 1, 2}) runs[i].health = {{"error", "frozen_layer", "blocks.0.mlp.up", "frozen"}};
  runs[2].health.push_back({"error", "frozen_layer", "blocks.0.mlp.down", "frozen"});

  const Comparison comparison = Compare(Question(), runs);

  ASSERT_EQ(comparison.variants[0].health.size(), 2);
  EXPECT_EQ(comparison.variants[0].health[1].layer, "blocks.0.mlp.down");
  EXPECT_THAT(comparison.variants[1].health, IsEmpty());
}

TEST(Compare, AveragesTheSideColumnsOverTheRunsThatHaveThem) {
  std::vector<RunResult> runs = FourSeeds();
  runs[0].final_accuracy = 0.5;
  runs[1].final_accuracy = 0.25;
  runs[0].throughput = {{1, 10}, {2, 1000}, {3, 2000}};
  runs[3].attempts[0].bits_per_value = 8;

  const VariantSummary fp4 = Compare(Question(), runs).variants[0];

  EXPECT_EQ(fp4.accuracy, 0.375);
  EXPECT_EQ(fp4.tokens_per_second, 1000);
  EXPECT_EQ(fp4.bits_per_value, 8);
}

TEST(Compare, OfSeveralLastValuesTheMeanCounts) {
  std::vector<RunResult> runs = FourSeeds();
  for (RunResult& run : runs) run.curve.push_back({50, run.curve.back().value - 0.5});
  ComparisonQuestion question = Question();
  question.last = 2;
  EXPECT_NEAR(Compare(question, runs).variants[0].mean, 2.15 - 0.25, 1e-14);

  runs[0].curve.erase(runs[0].curve.begin(), runs[0].curve.begin() + 2);
  const Comparison comparison = Compare(question, runs);
  EXPECT_EQ(comparison.variants[0].n, 3);
  EXPECT_THAT(comparison.warnings,
              Contains("fp4: 1 of 4 runs completed with fewer than 2 values of the metric"));
}

TEST(Compare, AtEqualStepsEveryRunIsLookedAtWhereAllHaveBeen) {
  std::vector<RunResult> runs = FourSeeds();
  for (size_t i = 0; i < 4; ++i) runs[i].curve.push_back({80, 1.0});
  ComparisonQuestion question = Question();
  EXPECT_EQ(Compare(question, runs).variants[0].mean, 1);
  question.axis = ComparisonAxis::kSteps;
  const Comparison comparison = Compare(question, runs);
  EXPECT_EQ(comparison.limit, 40);
  EXPECT_NEAR(comparison.variants[0].mean, 2.15, 1e-14);
}

TEST(Compare, AtEqualBytesOnlyEquallyLargeWeightsAreCompared) {
  std::vector<RunResult> runs = FourSeeds();
  for (RunResult& run : runs) {
    run.attempts[0].weight_bytes = run.variant == "fp4" ? 1000 : 8000;
  }
  ComparisonQuestion question = Question();
  question.axis = ComparisonAxis::kBytes;
  const VariantSummary apart = Compare(question, runs).variants[0];
  EXPECT_FALSE(apart.difference.has_value());
  EXPECT_THAT(apart.verdict.text, HasSubstr("its weights take 1000 bytes, those of baseline 8000"));
  for (RunResult& run : runs) run.attempts[0].weight_bytes = run.variant == "fp4" ? 1000 : 1009;
  EXPECT_TRUE(Compare(question, runs).variants[0].difference.has_value());
}

TEST(Compare, GivesEachVariantAVerdict) {
  const Comparison comparison = Compare(Question(), FourSeeds());
  EXPECT_EQ(comparison.variants[0].verdict.kind, VerdictKind::kUndecided);
  EXPECT_THAT(comparison.variants[0].verdict.text, HasSubstr("; 1 of 4 seeds not paired"));
  EXPECT_EQ(comparison.variants[1].verdict.kind, VerdictKind::kReference);
}

TEST(Compare, ARunThatEndsWithoutANumberFails) {
  std::vector<RunResult> runs = FourSeeds();
  runs[1].curve.back().value = NAN;
  EXPECT_EQ(Compare(Question(), runs).variants[0].verdict.kind, VerdictKind::kFailed);
  // It is the reference that diverged: the variant loses a pair, no more.
  runs = FourSeeds();
  runs[4].curve.back().value = INFINITY;
  const ComparisonVerdict verdict = Compare(Question(), runs).variants[0].verdict;
  EXPECT_EQ(verdict.kind, VerdictKind::kUndecided);
  EXPECT_THAT(verdict.text, HasSubstr("2 of 4 seeds not paired"));
}

TEST(Compare, FindsTheFrontsOfTheCostsThatAreKnown) {
  std::vector<RunResult> runs = FourSeeds();
  for (RunResult& run : runs) {
    run.attempts[0].weight_bytes = run.variant == "fp4" ? 1000 : 8000;
    run.attempts[0].tokens_per_step = 10;
    run.throughput = {{40, run.variant == "fp4" ? 100.0 : 200.0}};
  }
  const Comparison comparison = Compare(Question(), runs);
  ASSERT_EQ(comparison.fronts.size(), 2);
  EXPECT_EQ(comparison.fronts[0].cost, "weight_bytes");
  EXPECT_THAT(comparison.fronts[0].variants, ElementsAre("fp4", "baseline"));
  EXPECT_EQ(comparison.fronts[1].cost, "train_seconds");
  EXPECT_THAT(comparison.fronts[1].dominated, ElementsAre("fp4"));
  EXPECT_EQ(comparison.variants[0].train_seconds, 4);
}

TEST(WhyNotComparable, TimeIsComparedOnOneMachine) {
  std::vector<RunResult> runs = FourSeeds();
  for (RunResult& run : runs) {
    run.hosts = {run.seed == 1 ? "alpha" : "beta"};
    run.attempts[0].device = "Xeon";
  }
  ComparisonQuestion question = Question();
  EXPECT_EQ(WhyNotComparable(question, runs), "");
  question.axis = ComparisonAxis::kTime;
  EXPECT_EQ(WhyNotComparable(question, runs),
            "time can be compared on one machine only, and the runs were computed on alpha (Xeon), "
            "beta (Xeon)");
}

TEST(DefaultLast, IsTheDocumentsForEvaluations) {
  ComparisonQuestion question = Question();
  question.variants[1].resolved_document = R"({"schema_version": 1, "name": "demo",
      "model": {"preset": "micro"}, "data": {"source": "synthetic"},
      "training": {"steps": 40, "eval_interval": 10, "final_average": 3}})";
  EXPECT_EQ(DefaultLast(question), 3);
  question.metric = "train/loss";
  EXPECT_EQ(DefaultLast(question), 1);
  EXPECT_EQ(DefaultLast(Question()), 1);
}

TEST(DefaultReference, IsBaselineElseTheFirst) {
  EXPECT_EQ(DefaultReference(std::vector<std::string>{"fp4", "baseline"}), "baseline");
  EXPECT_EQ(DefaultReference(std::vector<std::string>{"b", "a"}), "b");
}

TEST(ReadStartedFacts, WeighsBitsBySize) {
  const StartedFacts facts = ReadStartedFacts(
      R"({"compute_dtype": "bf16", "threads": 2, "instruction_set": "avx2", "device_name": "EPYC",
          "layers": [{"shape": [256, 100], "weight_bits": 16}, {"shape": [100, 768], "weight_bits": 4.5},
                     {"shape": [256, 100], "weight_bits": 16, "shares_embedding": true}]})");
  EXPECT_EQ(facts.compute_dtype, "bf16");
  EXPECT_EQ(facts.threads, "2");
  EXPECT_EQ(facts.instruction_set, "avx2");
  EXPECT_EQ(facts.device, "EPYC");
  EXPECT_DOUBLE_EQ(facts.bits_per_value.value(), (16 * 25600 + 4.5 * 76800) / 102400);
  EXPECT_DOUBLE_EQ(facts.weight_bytes.value(), (16 * 25600 + 4.5 * 76800) / 8);
}

TEST(ReadStartedFacts, LeavesOutWhatItCannotRead) {
  for (const char* json :
       {"", "[]", "{", R"({"layers": 3})", R"({"layers": [3]})", R"({"layers": []})",
        R"({"layers": [{"weight_bits": 4}]})", R"({"compute_dtype": null})"}) {
    const StartedFacts facts = ReadStartedFacts(json);
    EXPECT_EQ(facts.compute_dtype, "") << json;
    EXPECT_FALSE(facts.bits_per_value.has_value()) << json;
  }
}

}  // namespace
}  // namespace fp4::core
