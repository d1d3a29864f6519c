#include "client/render/comparison.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/render/json.h"
#include "tests/client/support/documents.h"

namespace fp4::client {
namespace {

v1::CompareResponse DemoComparison() {
  v1::CompareResponse comparison;
  comparison.set_experiment_id("k7x2m9qd");
  comparison.set_metric("val/loss");
  comparison.set_reference("baseline");
  v1::VariantComparison& baseline = *comparison.add_variants();
  baseline.set_name("baseline");
  baseline.set_n(3);
  baseline.set_num_runs(3);
  baseline.set_mean(2.5);
  baseline.set_std(0.01);
  baseline.set_accuracy(0.4321);
  baseline.set_tokens_per_second(12345);
  baseline.set_bits_per_value(32);
  v1::VariantComparison& frozen = *comparison.add_variants();
  frozen.set_name("fp4-frozen");
  frozen.set_n(2);
  frozen.set_num_runs(3);
  frozen.set_num_failed(1);
  frozen.set_mean(3.25);
  frozen.mutable_difference()->set_mean(0.75);
  frozen.mutable_difference()->set_n(2);
  frozen.mutable_difference()->mutable_ci95()->set_low(0.7);
  frozen.mutable_difference()->mutable_ci95()->set_high(0.8);
  *frozen.add_health() = FrozenLayer("r", 1, "blocks.0.mlp.up").health();
  *frozen.add_health() = FrozenLayer("r", 1, "blocks.1.mlp.up").health();
  comparison.add_warnings("runs differ in compute type");
  return comparison;
}

TEST(ComparisonTest, PrintsTheTableThenTheFindings) {
  EXPECT_EQ(RenderComparison(DemoComparison(), "demo (k7x2m9qd)", {}, {}),
            "demo (k7x2m9qd): val/loss at the end of training\n"
            "mean over n seeds; difference to baseline, paired by seed\n"
            "\n"
            "VARIANT     N         VAL/LOSS        DIFFERENCE [95 % CI]  ACCURACY  TOK/S  "
            "BITS/WEIGHT\n"
            "baseline    3  2.5000 ± 0.0100                                0.4321  12.3k        "
            "32.00\n"
            "fp4-frozen  2           3.2500  +0.7500 [+0.7000, +0.8000]\n"
            "\n"
            "⚠ fp4-frozen: frozen_layer (error) in blocks.{0..1}.mlp.up: no gradient arrives and "
            "not a bit has changed\n"
            "fp4-frozen: 1 of 3 runs failed or were cancelled\n"
            "warning: runs differ in compute type\n");
}

TEST(ComparisonTest, ShowsMemoryWhereItWasMeasured) {
  v1::CompareResponse comparison = DemoComparison();
  comparison.mutable_variants(0)->set_state_bytes(471939072);
  comparison.mutable_variants(0)->set_peak_bytes(3.25e9);
  const std::string text = RenderComparison(comparison, "demo", {}, {});
  EXPECT_NE(text.find("BITS/WEIGHT  STATE    PEAK\n"), std::string::npos) << text;
  EXPECT_NE(text.find("32.00  472MB  3.25GB\n"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(ComparisonJson(comparison));
  EXPECT_EQ(json["variants"][0]["state_bytes"], 471939072);
  EXPECT_TRUE(json["variants"][1]["peak_bytes"].is_null());
}

TEST(ComparisonTest, FitsANarrowTerminal) {
  const std::string text = RenderComparison(DemoComparison(), "demo", {}, {.width = 60});
  EXPECT_EQ(text.find("TOK/S"), std::string::npos);
  EXPECT_NE(text.find("+0.7500 [+0.7000, +0.8000]"), std::string::npos);
}

v1::CompareResponse JudgedComparison() {
  v1::CompareResponse comparison = DemoComparison();
  comparison.clear_warnings();
  v1::VariantComparison& baseline = *comparison.mutable_variants(0);
  baseline.mutable_verdict()->set_kind(v1::Verdict::REFERENCE);
  baseline.mutable_verdict()->set_text("the reference");
  baseline.set_excess_loss(0.125);
  baseline.set_weight_bytes(400000);
  v1::VariantComparison& fp4 = *comparison.mutable_variants(1);
  fp4.clear_health();
  fp4.set_num_failed(0);
  fp4.mutable_verdict()->set_kind(v1::Verdict::UNDECIDED);
  fp4.mutable_verdict()->set_text("undecided: +0.75");
  fp4.mutable_verdict()->set_p_holm(0.25);
  fp4.mutable_verdict()->set_seeds_needed(18);
  fp4.set_weight_bytes(53000);
  v1::ParetoFront& front = *comparison.add_fronts();
  front.set_cost("weight_bytes");
  front.add_variants("fp4-frozen");
  front.add_variants("baseline");
  front.add_dominated("other");
  comparison.set_at(v1::COMPARISON_AXIS_TIME);
  comparison.set_at_limit(61.5);
  comparison.set_last(3);
  return comparison;
}

TEST(ComparisonTest, SaysWhereTheRunsWereLookedAtAndASentenceOnEach) {
  EXPECT_EQ(
      RenderComparison(JudgedComparison(), "demo", {.pareto = true}, {.width = 100}),
      "demo: val/loss after 1m02s of training, the end of the slowest variant\n"
      "mean over n seeds, of the last 3 values of each run; difference to baseline, paired by "
      "seed\n"
      "\n"
      "VARIANT     N         VAL/LOSS        DIFFERENCE [95 % CI]  EXCESS  ACCURACY  TOK/S  "
      "BITS/WEIGHT\n"
      "baseline    3  2.5000 ± 0.0100                              0.1250    0.4321  12.3k        "
      "32.00\n"
      "fp4-frozen  2           3.2500  +0.7500 [+0.7000, +0.8000]\n"
      "\n"
      "baseline: the reference\n"
      "fp4-frozen: undecided: +0.75\n"
      "\n"
      "Pareto front of val/loss and bytes of the weights (computed): fp4-frozen (53.0kB, 3.2500), "
      "baseline\n"
      "  (400kB, 2.5000); beaten by these: other\n");
}

TEST(ComparisonJsonTest, HasAVerdictForEachVariant) {
  const auto json = nlohmann::json::parse(ComparisonJson(JudgedComparison()));
  EXPECT_EQ(json["variants"][1]["verdict"],
            nlohmann::json::parse(R"({"kind": "undecided", "text": "undecided: +0.75",
                                      "p_holm": 0.25, "seeds_needed": 18})"));
  EXPECT_EQ(json["variants"][0]["verdict"]["kind"], "reference");
  EXPECT_TRUE(json["variants"][0]["verdict"]["p_holm"].is_null());
  EXPECT_TRUE(json["variants"][0]["verdict"]["seeds_needed"].is_null());
  EXPECT_EQ(json["at"], "time");
  EXPECT_EQ(json["at_limit"], 61.5);
  EXPECT_EQ(json["last"], 3);
  EXPECT_TRUE(json["margin"].is_null());
  EXPECT_EQ(json["pareto"][0]["cost"], "weight_bytes");
  EXPECT_EQ(json["pareto"][0]["dominated"][0], "other");
}

TEST(ComparisonJsonTest, HasNullWhereThereIsNoNumber) {
  const auto json = nlohmann::json::parse(ComparisonJson(DemoComparison()));
  EXPECT_EQ(json["experiment"], "k7x2m9qd");
  EXPECT_EQ(json["reference"], "baseline");
  EXPECT_EQ(json["variants"][0]["std"], 0.01);
  EXPECT_TRUE(json["variants"][0]["difference"].is_null());
  EXPECT_TRUE(json["variants"][1]["std"].is_null());
  EXPECT_EQ(json["variants"][1]["difference"]["ci95"], (nlohmann::json{0.7, 0.8}));
  EXPECT_EQ(json["variants"][1]["health"][0]["layer"], "blocks.0.mlp.up");
}

TEST(ComparisonJsonTest, HasNoIntervalForOnePair) {
  v1::CompareResponse comparison = DemoComparison();
  comparison.mutable_variants(1)->mutable_difference()->clear_ci95();
  const auto json = nlohmann::json::parse(ComparisonJson(comparison));
  EXPECT_EQ(json["variants"][1]["difference"]["mean"], 0.75);
  EXPECT_TRUE(json["variants"][1]["difference"]["ci95"].is_null());
}

}  // namespace
}  // namespace fp4::client
