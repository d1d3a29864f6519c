// Transformers with grouped queries and with sub-norms, held to what they must be equal to.
#include "trainer/model/transformer.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

spec::RunSpec SmallRun() {
  spec::RunSpec run;
  run.model.d_model = 32;
  run.model.num_layers = 1;
  run.model.num_heads = 4;
  run.model.d_ff = 48;
  run.model.vocab_size = 40;
  run.model.sequence_length = 6;
  run.model.init_std = 0.2;
  return run;
}

// A model with its weights, on which one batch is computed.
class SmallModel {
 public:
  explicit SmallModel(spec::RunSpec run)
      : run_(std::move(run)), parameters_(run_.model, 1, at::kCPU) {
    for (const spec::TensorInfo& tensor : spec::ModelLayers(run_.model)) {
      spec::LayerPrecision& layer = run_.layers.emplace_back();
      layer.layer = tensor.layer();
      layer.is_lookup = tensor.role == spec::TensorRole::kLookup;
    }
    context_.training = true;
  }

  at::Tensor Master(const std::string& name) const { return parameters_.Master(name); }

  // Targets that the model draws for `tokens` (B, T).
  at::Tensor Drawn(const at::Tensor& tokens, uint64_t counter) {
    Transformer model({run_, parameters_, at::kFloat, context_, *backend_});
    model.Refresh();
    return model.SampleTargets({tokens, tokens}, /*key=*/7, counter);
  }

  // Of the sum of the losses; gradients are in the masters.
  double Loss() {
    at::manual_seed(5);
    const at::Tensor tokens = at::randint(run_.model.vocab_size, {3, 7}, at::kLong);
    Transformer model({run_, parameters_, at::kFloat, context_, *backend_});
    model.Refresh();
    return model.ForwardBackward({tokens.narrow(1, 0, 6), tokens.narrow(1, 1, 6)}, 1.0)
        .loss.item<double>();
  }

 private:
  spec::RunSpec run_;
  ParameterSet parameters_;
  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
};

constexpr char kQkv[] = "blocks.0.attention.qkv.weight";

class GroupedQueriesTest : public testing::TestWithParam<int64_t> {};

// Key and value rows of a group stand once for each of its query heads.
TEST_P(GroupedQueriesTest, AreOrdinaryHeadsWithTheSameKeysAndValues) {
  const int64_t keys = GetParam(), group = 4 / keys, head = 8;
  spec::RunSpec grouped_run = SmallRun();
  grouped_run.model.num_kv_heads = keys;
  SmallModel grouped(grouped_run), ordinary(SmallRun());
  const at::Tensor qkv = grouped.Master(kQkv).detach();
  const at::Tensor heads = qkv.narrow(0, 32, 2 * keys * head).view({2, keys, head, 32});
  {
    at::NoGradGuard no_grad;
    const at::Tensor repeated = heads.repeat_interleave(group, 1).reshape({64, 32});
    ordinary.Master(kQkv).copy_(at::cat({qkv.narrow(0, 0, 32), repeated}));
  }

  EXPECT_NEAR(grouped.Loss(), ordinary.Loss(), 1e-4);
  const at::Tensor dqkv = grouped.Master(kQkv).grad(), all = ordinary.Master(kQkv).grad();
  EXPECT_TRUE(at::allclose(dqkv.narrow(0, 0, 32), all.narrow(0, 0, 32), 1e-4, 1e-4));
  const at::Tensor sums = all.narrow(0, 32, 64).view({2, keys, group, head, 32}).sum(2);
  EXPECT_TRUE(at::allclose(dqkv.narrow(0, 32, 2 * keys * head).view_as(sums), sums, 1e-4, 1e-4));
}

INSTANTIATE_TEST_SUITE_P(KeyValueHeads, GroupedQueriesTest, testing::Values(1, 2, 4));

class SubNormTest : public testing::TestWithParam<spec::Norm> {
 protected:
  spec::RunSpec Run() const {
    spec::RunSpec run = SmallRun();
    run.model.sub_norm = true;
    run.model.norm = GetParam();
    run.model.norm_eps = 1e-12;
    run.model.activation = spec::Activation::kRelu2;
    return run;
  }
  static void Scale(const at::Tensor& master, double factor) {
    at::NoGradGuard no_grad;
    master.mul_(factor);
  }
};

// An RMS norm takes out the size of what enters out and down, whatever the other norms are.
TEST_P(SubNormTest, SizeOfTheInputsOfOutAndDownDoesNotMatter) {
  SmallModel plain(Run()), scaled(Run());
  Scale(scaled.Master(kQkv).narrow(0, 64, 32), 3);  // the values
  Scale(scaled.Master("blocks.0.mlp.up.weight"), 2);
  EXPECT_NEAR(plain.Loss(), scaled.Loss(), 1e-4);
}

TEST_P(SubNormTest, WeightsOfTheSubNormsScaleTheInputsOfOutAndDown) {
  SmallModel plain(Run()), moved(Run());
  for (const char* layer : {"blocks.0.attention.out", "blocks.0.mlp.down"}) {
    const std::string name = layer;
    Scale(moved.Master(name + "_norm.weight"), 4);
    Scale(moved.Master(name + ".weight"), 0.25);
  }
  EXPECT_NEAR(plain.Loss(), moved.Loss(), 1e-4);
  EXPECT_GT(plain.Master("blocks.0.mlp.down_norm.weight").grad().norm().item<double>(), 0);
}

INSTANTIATE_TEST_SUITE_P(Norms, SubNormTest,
                         testing::Values(spec::Norm::kRmsNorm, spec::Norm::kLayerNorm),
                         [](const auto& info) {
                           return info.param == spec::Norm::kRmsNorm ? "rmsnorm" : "layernorm";
                         });

// Drawing by the softmax itself is held to a reference in head_loss_test.cc.
TEST(TransformerTargets, AreDrawnAsOftenAsTheModelPredictsThem) {
  SmallModel model(SmallRun());
  const at::Tensor tokens = at::full({3000, 6}, 11, at::kLong);

  const at::Tensor drawn = model.Drawn(tokens, 1);

  ASSERT_EQ(drawn.sizes(), tokens.sizes());
  // Every window is alike, so columns are samples of one distribution each.
  const at::Tensor first = at::bincount(drawn.select(1, 0), {}, 40).to(at::kDouble) / 3000;
  const at::Tensor again =
      at::bincount(model.Drawn(tokens, 2).select(1, 0), {}, 40).to(at::kDouble) / 3000;
  EXPECT_FALSE(at::equal(first, again)) << "another counter";
  EXPECT_LT((first - again).abs().max().item<double>(), 0.05) << "the same distribution";
  EXPECT_GT(first.max().item<double>(), 1.5 / 40) << "which is not the uniform one";
  EXPECT_TRUE(at::equal(drawn, model.Drawn(tokens, 1)));
  EXPECT_FALSE(model.Master(kQkv).grad().defined());
}

}  // namespace
}  // namespace fp4::trainer
