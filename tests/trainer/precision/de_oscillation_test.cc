#include "trainer/precision/de_oscillation.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

// A layer whose weight is its master rounded to whole numbers.
class RoundedLayer : public QuantizedLayer {
 public:
  const std::string& name() const override { return name_; }
  const at::Tensor& master() const override { return master_; }
  at::Tensor weight() const override { return weight_; }
  bool weight_quantized() const override { return true; }
  bool weight_stochastic() const override { return false; }
  const OperandQuantizer* weight_quantizer() const override { return nullptr; }
  void Use(const spec::LayerPrecision&) override {}
  void RefreshWeight(std::vector<QuantizeJob>&) override { weight_ = at::round(master_); }

 private:
  std::string name_ = "layer";
  at::Tensor master_ = at::zeros({1, 4}), weight_;
};

class OneLayerModel : public Model {
 public:
  OneLayerModel(StepContext& context, Backend& backend) : Model(context, backend) {
    spec::LayerPrecision row;
    row.layer = layer_.name();
    SetLayers({&layer_}, {row});
  }
  LossSums ForwardBackward(const Batch&, double) override { return {}; }
  LossSums Evaluate(const Batch&) override { return {}; }
  at::Tensor SampleTargets(const Batch& /*batch*/, uint64_t, uint64_t) override { return {}; }
  RoundedLayer& layer() { return layer_; }

 private:
  RoundedLayer layer_;
};

class DeOscillationTest : public testing::Test {
 protected:
  // One update after which the master has these values.
  bool Update(std::initializer_list<float> values) {
    model_.layer().master().copy_(at::tensor(values).view({1, 4}));
    model_.Refresh();
    return method_.AfterUpdate(++update_);
  }
  float Master(int64_t i) { return model_.layer().master()[0][i].item<float>(); }

  StepContext context_;
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  OneLayerModel model_{context_, *backend_};
  DeOscillation method_{{.from_step = 0, .period = 4, .ratio = 4}, model_};
  int64_t update_ = 0;
};

TEST_F(DeOscillationTest, ElementThatJumpsOverABoundaryBecomesItsQuantizedValue) {
  // The first moves by 0.04 an update and its rounded value by 1; the second far, and its rounded
  // value with it; the third not at all; the fourth is the largest.
  EXPECT_FALSE(Update({0.48f, 0.0f, 0.3f, 9.0f}));
  EXPECT_FALSE(Update({0.52f, 1.0f, 0.3f, 9.0f}));
  EXPECT_FALSE(Update({0.48f, 2.0f, 0.3f, 9.0f}));
  EXPECT_FALSE(Update({0.52f, 3.0f, 0.3f, 9.0f}));
  EXPECT_TRUE(Update({0.48f, 4.0f, 0.3f, 9.0f}));
  EXPECT_EQ(Master(0), 0.0f);
  EXPECT_EQ(Master(1), 4.0f);
  EXPECT_EQ(Master(2), 0.3f);
}

TEST_F(DeOscillationTest, LargestElementIsLeftAlone) {
  for (int i = 0; i < 5; ++i) Update({0, 0, 0, i % 2 == 0 ? 8.48f : 8.52f});
  EXPECT_EQ(Master(3), 8.48f);
}

TEST_F(DeOscillationTest, ChangeOfPrecisionBeginsANewWindow) {
  Update({0.48f, 0, 0, 9});
  Update({0.52f, 0, 0, 9});
  method_.Forget({&model_.layer()});
  Update({0.52f, 0, 0, 9});
  Update({0.52f, 0, 0, 9});
  EXPECT_FALSE(Update({0.52f, 0, 0, 9}));
  EXPECT_EQ(Master(0), 0.52f);
}

}  // namespace
}  // namespace fp4::trainer
