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
  EXPECT_EQ(RenderComparison(DemoComparison(), "demo (k7x2m9qd)", {}),
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
            "fp4-frozen: 1 of 3 runs failed\n"
            "warning: runs differ in compute type\n");
}

TEST(ComparisonTest, FitsANarrowTerminal) {
  const std::string text = RenderComparison(DemoComparison(), "demo", {.width = 60});
  EXPECT_EQ(text.find("TOK/S"), std::string::npos);
  EXPECT_NE(text.find("+0.7500 [+0.7000, +0.8000]"), std::string::npos);
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
