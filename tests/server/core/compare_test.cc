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
  return {.variant = variant,
          .seed = seed,
          .state = RunState::kCompleted,
          .final_value = value,
          .final_accuracy = {},
          .tokens_per_second = {},
          .started = {},
          .health = {}};
}

const std::vector<std::string> kVariants = {"fp4", "baseline"};

// Three of four seeds pair. Expected numbers: Python's statistics module.
std::vector<RunResult> FourSeeds() {
  return {Completed("fp4", 1, 2.131),      Completed("fp4", 2, 2.150),
          Completed("fp4", 3, 2.119),      Completed("fp4", 5, 2.2),
          Completed("baseline", 1, 2.101), Completed("baseline", 2, 2.143),
          Completed("baseline", 3, 2.087), Completed("baseline", 4, 2.120)};
}

TEST(Compare, AgreesWithPython) {
  const Comparison comparison = Compare(kVariants, "baseline", FourSeeds());

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
  const VariantSummary fp4 = Compare(kVariants, "baseline", runs).variants[0];
  EXPECT_FALSE(fp4.std.has_value());
  EXPECT_EQ(fp4.difference->mean, 0.25);
  EXPECT_FALSE(fp4.difference->ci95.has_value());
}

TEST(Compare, WithoutACommonSeedThereIsNoDifference) {
  const std::vector<RunResult> runs = {Completed("fp4", 1, 2.5), Completed("baseline", 2, 2.25)};
  EXPECT_FALSE(Compare(kVariants, "baseline", runs).variants[0].difference.has_value());
}

TEST(Compare, OnlyCompletedRunsCount) {
  std::vector<RunResult> runs = FourSeeds();
  runs[0].state = RunState::kFailed;
  runs[1].state = RunState::kCancelled;
  runs[2].state = RunState::kRunning;

  const Comparison comparison = Compare(kVariants, "baseline", runs);

  EXPECT_EQ(comparison.variants[0].n, 1);
  EXPECT_EQ(comparison.variants[0].num_runs, 4);
  EXPECT_EQ(comparison.variants[0].num_failed, 2);
  EXPECT_EQ(comparison.variants[0].mean, 2.2);
  EXPECT_THAT(comparison.warnings, ElementsAre("fp4: 2 of 4 runs failed or were cancelled",
                                               "fp4: 1 of 4 runs have not finished"));
}

TEST(Compare, AVariantWithoutRunsHasNoMean) {
  const Comparison comparison = Compare(kVariants, "baseline", {});
  EXPECT_EQ(comparison.variants[0].n, 0);
  EXPECT_TRUE(std::isnan(comparison.variants[0].mean));
  EXPECT_FALSE(comparison.variants[0].accuracy.has_value());
}

TEST(Compare, WarnsWhenTheMachinesDiffer) {
  std::vector<RunResult> runs = FourSeeds();
  for (RunResult& run : runs) run.started = {"fp32", "avx512", "Xeon", "1", 4.5, 0};
  EXPECT_THAT(Compare(kVariants, "baseline", runs).warnings, IsEmpty());

  runs[0].started = {"bf16", "avx2", "EPYC", "2", 4.5, 0};
  EXPECT_THAT(Compare(kVariants, "baseline", runs).warnings,
              ElementsAre("runs differ in compute type: bf16 (1 run), fp32 (7 runs)",
                          "runs differ in threads: 1 (7 runs), 2 (1 run)",
                          "runs differ in instruction set: avx2 (1 run), avx512 (7 runs)",
                          "runs differ in device: EPYC (1 run), Xeon (7 runs)"));
}

TEST(Compare, NamesAFindingOnce) {
  std::vector<RunResult> runs = FourSeeds();
  for (int i : {0, 1, 2}) runs[i].health = {{"error", "frozen_layer", "blocks.0.mlp.up", "frozen"}};
  runs[2].health.push_back({"error", "frozen_layer", "blocks.0.mlp.down", "frozen"});

  const Comparison comparison = Compare(kVariants, "baseline", runs);

  ASSERT_EQ(comparison.variants[0].health.size(), 2);
  EXPECT_EQ(comparison.variants[0].health[1].layer, "blocks.0.mlp.down");
  EXPECT_THAT(comparison.variants[1].health, IsEmpty());
}

TEST(Compare, AveragesTheSideColumnsOverTheRunsThatHaveThem) {
  std::vector<RunResult> runs = FourSeeds();
  runs[0].final_accuracy = 0.5;
  runs[1].final_accuracy = 0.25;
  runs[0].tokens_per_second = 1000;
  runs[3].started.bits_per_value = 8;

  const VariantSummary fp4 = Compare(kVariants, "baseline", runs).variants[0];

  EXPECT_EQ(fp4.accuracy, 0.375);
  EXPECT_EQ(fp4.tokens_per_second, 1000);
  EXPECT_EQ(fp4.bits_per_value, 8);
}

TEST(DefaultReference, IsBaselineElseTheFirst) {
  EXPECT_EQ(DefaultReference(kVariants), "baseline");
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
