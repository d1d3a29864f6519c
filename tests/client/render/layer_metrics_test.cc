#include "client/render/layer_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fp4::client {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::Run RunWith(const std::vector<std::pair<std::string, double>>& latest) {
  v1::Run run;
  for (const auto& [name, value] : latest) {
    v1::Value* added = run.add_latest();
    added->set_name(name);
    added->set_value(value);
  }
  return run;
}

TEST(LayerMetrics, AreOneLineForAllLayersWithTheWorst) {
  const std::string text = RenderLayerMetrics(RunWith({{"quant/blocks.0.mlp.up/weight_zeros", 0.25},
                                                       {"quant/blocks.1.mlp.up/weight_zeros", 0.5},
                                                       {"quant/lm_head/weight_zeros", 0.0},
                                                       {"val/loss", 2.5}}),
                                              {});
  EXPECT_THAT(text, HasSubstr("quant/<layer>/weight_zeros       3  0.25    0.5  blocks.1.mlp.up"));
  EXPECT_THAT(text, Not(HasSubstr("val/loss")));
}

TEST(LayerMetrics, WorstIsTheSmallestWhereMoreIsBetter) {
  EXPECT_THAT(RenderLayerMetrics(
                  RunWith({{"quant/a/weight_sqnr_db", 20}, {"quant/b/weight_sqnr_db", 10}}), {}),
              HasSubstr(" b\n"));
}

TEST(MetricNames, AreOneForAllLayersOfAKind) {
  EXPECT_EQ(
      RenderMetricNames({"quant/blocks.0.mlp.up/weight_error", "quant/blocks.0.mlp.up/weight_zeros",
                         "quant/blocks.1.mlp.up/weight_error", "quant/blocks.1.mlp.up/weight_zeros",
                         "train/loss"},
                        {}),
      "quant/<layer>/weight_error\nquant/<layer>/weight_zeros\ntrain/loss\n"
      "<layer> is one of blocks.{0..1}.mlp.up\n");
  EXPECT_EQ(RenderMetricNames({"train/loss"}, {}), "train/loss\n");
}

TEST(LayerMetrics, OfARunWithoutThemAreNothing) {
  EXPECT_EQ(RenderLayerMetrics(RunWith({{"val/loss", 2.5}}), {}), "");
  EXPECT_FALSE(IsOfLayer("quant/"));
  EXPECT_FALSE(IsOfLayer("val/loss"));
}

}  // namespace
}  // namespace fp4::client
