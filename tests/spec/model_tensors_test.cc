#include "spec/model_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "spec/layer_patterns.h"
#include "spec/model_kinds.h"

namespace fp4::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ModelSpec SmallModel() {
  ModelSpec model;
  model.d_model = 8;
  model.num_layers = 1;
  model.d_ff = 20;
  model.vocab_size = 100;
  model.sequence_length = 16;
  model.activation = Activation::kSwiglu;
  return model;
}

const TensorInfo& Tensor(const std::vector<TensorInfo>& tensors, const std::string& name) {
  return *std::ranges::find(tensors, name, &TensorInfo::name);
}

TEST(ModelKinds, EachFileIsOneKind) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FP4_SOURCE_DIR "/spec/models"))
    files += entry.path().extension() == ".cc" ? 1 : 0;
  EXPECT_EQ(ModelKinds().size(), files);
}

TEST(ModelLayers, OfATransformerStandInTheModelsOrder) {
  std::vector<std::string> rows;
  for (const TensorInfo& tensor : ModelLayers(SmallModel())) {
    rows.push_back(tensor.layer() + " " + std::to_string(tensor.out_features()) + " " +
                   std::to_string(tensor.in_features()));
  }
  EXPECT_THAT(rows,
              ElementsAre("embedding 100 8", "blocks.0.attention.qkv 24 8",
                          "blocks.0.attention.out 8 8", "blocks.0.mlp.up 20 8",
                          "blocks.0.mlp.gate 20 8", "blocks.0.mlp.down 8 20", "lm_head 100 8"));
}

TEST(ModelTensors, OfATransformerHaveTheNamesOfCheckpoints) {
  std::vector<std::string> names;
  for (const TensorInfo& tensor : ModelTensors(SmallModel())) names.push_back(tensor.name);
  EXPECT_THAT(names, ElementsAre("embedding.weight", "blocks.0.attention_norm.weight",
                                 "blocks.0.attention.qkv.weight", "blocks.0.attention.out.weight",
                                 "blocks.0.mlp_norm.weight", "blocks.0.mlp.up.weight",
                                 "blocks.0.mlp.gate.weight", "blocks.0.mlp.down.weight",
                                 "final_norm.weight", "lm_head.weight"));
}

TEST(ModelTensors, SayWhatOptimizersAndGemmsNeed) {
  const std::vector<TensorInfo> tensors = ModelTensors(SmallModel());
  const TensorInfo& qkv = Tensor(tensors, "blocks.0.attention.qkv.weight");
  EXPECT_THAT(qkv.stacked_rows, ElementsAre(8, 8, 8));
  EXPECT_TRUE(qkv.is_matrix() && qkv.in_body);
  EXPECT_EQ(qkv.rows_per_record, 16);
  const TensorInfo& norm = Tensor(tensors, "final_norm.weight");
  EXPECT_FALSE(norm.is_matrix() || norm.in_body || norm.is_layer());
  EXPECT_EQ(norm.init_std, 0);
  const TensorInfo& embedding = Tensor(tensors, "embedding.weight");
  EXPECT_EQ(embedding.role, TensorRole::kLookup);
  EXPECT_TRUE(embedding.is_matrix());
  EXPECT_FALSE(embedding.in_body);
}

TEST(ModelTensors, ATiedHeadSharesTheEmbeddingAndCountsOnce) {
  ModelSpec model = SmallModel();
  model.tie_embeddings = false;
  const int64_t untied = NumParameters(model);
  EXPECT_EQ(Tensor(ModelTensors(model), "lm_head.weight").shares, "");
  model.tie_embeddings = true;
  EXPECT_EQ(Tensor(ModelTensors(model), "lm_head.weight").shares, "embedding.weight");
  EXPECT_EQ(untied - NumParameters(model), 100 * 8);
}

TEST(TensorInfo, AConvolutionIsTheMatrixOfItsPatches) {
  const TensorInfo convolution{.name = "stages.0.conv.weight", .shape = {16, 3, 5, 5}};
  EXPECT_EQ(convolution.out_features(), 16);
  EXPECT_EQ(convolution.in_features(), 75);
  EXPECT_TRUE(convolution.is_matrix());
  EXPECT_EQ(convolution.layer(), "stages.0.conv");
}

TEST(SplitLayerName, TakesTheNumberOfAGroupApart) {
  struct Case {
    std::string layer, stem;
    int64_t number;
    std::string rest;
  };
  for (const Case& each : {Case{"blocks.12.mlp.up", "blocks", 12, "mlp.up"},
                           Case{"layers.3", "layers", 3, ""}, Case{"lm_head", "lm_head", -1, ""},
                           Case{"mlp.up", "mlp.up", -1, ""}, Case{"a.1b.c", "a.1b.c", -1, ""}}) {
    const LayerName name = SplitLayerName(each.layer);
    EXPECT_EQ(name.stem, each.stem) << each.layer;
    EXPECT_EQ(name.number, each.number) << each.layer;
    EXPECT_EQ(name.rest, each.rest) << each.layer;
  }
}

TEST(LayerPatterns, StandForAllBlocks) {
  ModelSpec model = SmallModel();
  EXPECT_THAT(LayerPatterns(model),
              ElementsAre("embedding", "blocks.0.attention.qkv", "blocks.0.attention.out",
                          "blocks.0.mlp.up", "blocks.0.mlp.gate", "blocks.0.mlp.down", "lm_head"));
  model.num_layers = 3;
  EXPECT_EQ(LayerPatterns(model)[1], "blocks.{0..2}.attention.qkv");
  EXPECT_EQ(NearestLayerPattern("blocks.*.mpl.*", model), "blocks.*.mlp.*");
  EXPECT_THAT(NearestLayerPattern("blocks.9.mlp.up", model), IsEmpty());
}

}  // namespace
}  // namespace fp4::spec
