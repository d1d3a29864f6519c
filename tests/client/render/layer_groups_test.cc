#include "client/render/layer_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/layers.h"

namespace fp4::client {
namespace {

using ::testing::ElementsAre;

TEST(GroupLayersTest, BringsBlocksAndLeavesTogether) {
  EXPECT_THAT(GroupLayers({"blocks.0.mlp.up", "blocks.0.mlp.down", "blocks.1.mlp.up",
                           "blocks.1.mlp.down", "lm_head"}),
              ElementsAre("blocks.{0..1}.mlp.{up,down}", "lm_head"));
}

TEST(GroupLayersTest, NamesGapsOneByOne) {
  EXPECT_THAT(GroupLayers({"blocks.0.mlp.up", "blocks.2.mlp.up", "blocks.3.mlp.up"}),
              ElementsAre("blocks.{0,2,3}.mlp.up"));
  EXPECT_THAT(GroupLayers({"blocks.7.attention.out"}), ElementsAre("blocks.7.attention.out"));
  EXPECT_THAT(GroupLayers({}), ElementsAre());
}

TEST(GroupLayersTest, KeepsLeavesOfDifferentBlocksApart) {
  EXPECT_THAT(GroupLayers({"blocks.0.mlp.up", "blocks.1.mlp.up", "blocks.1.mlp.down"}),
              ElementsAre("blocks.{0..1}.mlp.up", "blocks.1.mlp.down"));
}

TEST(GroupLayersTest, IsAPatternThatMatchesItsLayers) {
  const std::vector<std::string> layers = {"blocks.0.attention.qkv",
                                           "blocks.1.attention.qkv",
                                           "blocks.1.attention.out",
                                           "blocks.0.attention.out",
                                           "blocks.0.mlp.up",
                                           "blocks.3.mlp.up",
                                           "embedding"};
  const auto patterns = GroupLayers(layers);
  for (const std::string& layer : layers) {
    int matches = 0;
    for (const std::string& pattern : patterns) matches += spec::PatternMatches(pattern, layer);
    EXPECT_EQ(matches, 1) << layer;
  }
}

}  // namespace
}  // namespace fp4::client
