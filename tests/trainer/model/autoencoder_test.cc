#include "trainer/model/autoencoder.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/trainer/model/built_model.h"

namespace fp4::trainer {
namespace {

struct Case {
  const char* sizes;
  std::vector<bool> activated;  // by layer: whether its activation follows
};

std::string Sections(const std::string& sizes, const std::string& more = "") {
  return absl::StrCat(R"("model": {"kind": "autoencoder", "layer_sizes": )", sizes,
                      R"(, "activation": "gelu"}, "data": {"intrinsic_dim": 2})", more);
}

class AutoencoderTest : public testing::TestWithParam<Case> {};

// Against autograd of a plain graph in fp64.
TEST_P(AutoencoderTest, LossAndGradientsAreThoseOfThePlainGraph) {
  BuiltModel built(Sections(GetParam().sizes));
  at::manual_seed(3);
  const int64_t width = built.run.model.autoencoder.layer_sizes.front();
  const at::Tensor x = at::randn({4, width}, at::kFloat);
  std::vector<at::Tensor> weights;
  at::Tensor y = x.to(at::kDouble);
  for (size_t i = 0; i < GetParam().activated.size(); ++i) {
    weights.push_back(built.WeightInFprop(absl::StrCat("layers.", i)).clone().requires_grad_(true));
    y = at::linear(y, weights.back());
    if (GetParam().activated[i]) y = at::gelu(y);
  }
  const at::Tensor expected = (y - x).square().sum();
  torch::autograd::backward({expected * 0.5});

  const LossSums sums = built.model->ForwardBackward({x, x}, 0.5);

  EXPECT_NEAR(sums.loss.item<double>(), expected.item<double>(), 1e-5 * expected.item<double>());
  EXPECT_EQ(sums.correct.item<int64_t>(), 0);
  ASSERT_EQ(built.parameters.all().size(), weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_TRUE(
        IsClose(built.Gradient(absl::StrCat("layers.", i, ".weight")), weights[i].grad(), 1e-4))
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, AutoencoderTest,
                         testing::Values(Case{"[6, 4, 2, 4, 6]", {true, false, true, false}},
                                         Case{"[6, 2, 2, 6]", {false, true, false}},
                                         Case{"[4, 8, 4]", {true, false}},
                                         Case{"[6, 3, 6]", {false, false}},
                                         Case{"[5, 5]", {false}}));

TEST(Autoencoder, FrozenFromEndToEndHasNoGradientAndNoError) {
  for (const char* more : {R"(, "precision": {"default": "frozen"})",
                           R"(, "precision": {"default": "frozen"},
                               "training": {"activation_checkpointing": true})"}) {
    BuiltModel built(Sections("[6, 2, 6]", more));
    const at::Tensor x = at::ones({4, 6}, at::kFloat);
    EXPECT_GT(built.model->ForwardBackward({x, x}, 1).loss.item<double>(), 0);
    EXPECT_FALSE(built.Gradient("layers.0.weight").defined()) << more;
    EXPECT_FALSE(built.Gradient("layers.1.weight").defined()) << more;
  }
}

// Squared errors are the negative logarithm of a normal distribution of variance 1/2 around the
// output.
TEST(Autoencoder, DrawnTargetsAreNormalAroundTheOutputWithVarianceOneHalf) {
  BuiltModel built(Sections("[6, 3, 6]"));
  at::manual_seed(3);
  constexpr int64_t kRecords = 20'000;
  const at::Tensor x = at::randn({6}, at::kFloat).expand({kRecords, 6}).contiguous();

  const at::Tensor drawn = built.model->SampleTargets({x, x}, /*key=*/7, /*counter=*/3);

  at::Tensor output = x.to(at::kDouble);
  for (const char* layer : {"layers.0", "layers.1"})
    output = at::linear(output, built.WeightInFprop(layer));
  const at::Tensor noise = drawn.to(at::kDouble) - output;
  // Standard errors of a column: 0.005 of the mean and of the variance.
  EXPECT_LT(noise.mean(0).abs().max().item<double>(), 0.025);
  EXPECT_LT((noise.square().mean(0) - 0.5).abs().max().item<double>(), 0.025);
  EXPECT_LT((noise.select(1, 0) * noise.select(1, 1)).mean().abs().item<double>(), 0.02)
      << "columns are independent";
  EXPECT_TRUE(at::equal(drawn, built.model->SampleTargets({x, x}, 7, 3)));
  EXPECT_FALSE(at::equal(drawn, built.model->SampleTargets({x, x}, 7, 4)));
  EXPECT_FALSE(at::equal(drawn, built.model->SampleTargets({x, x}, 8, 3)));
  EXPECT_FALSE(built.Gradient("layers.0.weight").defined());
}

}  // namespace
}  // namespace fp4::trainer
