// The checks that look at operands and inputs: each where its fault is, and where it is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/health_codes.h"
#include "trainer/health/clipping.h"
#include "trainer/health/dead_units.h"
#include "trainer/health/oscillation.h"
#include "trainer/health/scale_saturation.h"
#include "trainer/health/underflow.h"
#include "trainer/health/weight_range.h"

namespace fp4::trainer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// A layer whose weight and quantized weight a test sets.
class FakeLayer : public QuantizedLayer {
 public:
  explicit FakeLayer(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  const at::Tensor& master() const override { return master_; }
  at::Tensor weight() const override { return weight_; }
  bool weight_quantized() const override { return true; }
  bool weight_stochastic() const override { return false; }
  const OperandQuantizer* weight_quantizer() const override { return nullptr; }
  void Use(const spec::LayerPrecision& /*precision*/) override {}
  void RefreshWeight(std::vector<QuantizeJob>& /*jobs*/) override {}

  at::Tensor master_ = at::zeros({8, 16}), weight_ = at::zeros({8, 16});

 private:
  const std::string name_;
};

class FakeModel : public Model {
 public:
  FakeModel(std::vector<QuantizedLayer*> layers, StepContext& context, Backend& backend)
      : Model(context, backend) {
    std::vector<spec::LayerPrecision> table;
    for (const QuantizedLayer* layer : layers) table.emplace_back().layer = layer->name();
    SetLayers(std::move(layers), table);
  }
  LossSums ForwardBackward(const Batch& /*batch*/, double /*scale*/) override { return {}; }
  LossSums Evaluate(const Batch& /*batch*/) override { return {}; }
  at::Tensor SampleTargets(const Batch& /*batch*/, uint64_t, uint64_t) override { return {}; }
};

class ChecksTest : public testing::Test {
 protected:
  // "code in layer: message" of the last of `times` equal looks.
  template <typename Check>
  std::string Found(const Look& look, int times = 3) {
    Check check(parts_);
    std::vector<Finding> findings;
    for (int i = 0; i < times; ++i) findings = check.AfterLook(look);
    if (findings.empty()) return "";
    return std::string(findings[0].code) + " in " + findings[0].layer + ": " + findings[0].message;
  }

  static OperandFacts Facts(const char* format, Operand operand) {
    OperandFacts facts;
    facts.layer = "blocks.0.mlp.up";
    facts.operand = operand;
    facts.format = &numerics::FindFormat(format)->info();
    facts.scales = OperandFacts::Scales();
    return facts;
  }
  static spec::ModelSpec SmallModel() {
    spec::ModelSpec model;
    model.d_model = model.d_ff = model.vocab_size = model.sequence_length = 4;
    model.num_layers = model.num_heads = 1;
    return model;
  }
  static Look Of(const OperandFacts& facts) {
    return {.step = 7, .operands = {facts}, .inputs = {}};
  }

  StepContext context_;
  const std::unique_ptr<Backend> backend_ = MakeCpuBackend();
  FakeLayer data_{"embedding"}, layer_{"blocks.0.mlp.down"};
  FakeModel model_{{&data_, &layer_}, context_, *backend_};
  const ParameterSet parameters_{SmallModel(), 1, at::kCPU};
  const HealthParts parts_{parameters_, model_};
};

TEST_F(ChecksTest, UnderflowIsToldWithValueAndBound) {
  OperandFacts facts = Facts("nvfp4", Operand::kGradients);
  facts.zeros = 0.614;
  EXPECT_EQ(Found<UnderflowCheck>(Of(facts)),
            "underflow in blocks.0.mlp.up: up to step 7, gradients of blocks.0.mlp.up as nvfp4: "
            "61.4 % of the values that are not 0 become 0 (bound 60 %); smaller blocks, stochastic "
            "rounding or more bits would keep them");
}

TEST_F(ChecksTest, UnderflowOfOneLookIsNotTold) {
  OperandFacts facts = Facts("nvfp4", Operand::kGradients);
  facts.zeros = 0.9;
  EXPECT_EQ(Found<UnderflowCheck>(Of(facts), 1), "");
}

TEST_F(ChecksTest, UnderflowIsBoundedByWhatTheFormatDoesByDesign) {
  struct Row {
    const char* format;
    double zeros;
    bool told;
  };
  for (const Row& row :
       {Row{"ternary", 0.7, false}, Row{"ternary", 0.85, true}, Row{"nvfp4", 0.5, false},
        Row{"int8", 0.3, true}, Row{"int8", 0.1, false}}) {
    OperandFacts facts = Facts(row.format, Operand::kWeights);
    facts.zeros = row.zeros;
    EXPECT_EQ(!Found<UnderflowCheck>(Of(facts)).empty(), row.told) << row.format << row.zeros;
  }
}

TEST_F(ChecksTest, ClippingIsToldUnlessTheScaleIsAMean) {
  OperandFacts facts = Facts("mxfp4", Operand::kActivations);
  facts.scales->clipped = 0.12;
  EXPECT_THAT(Found<ClippingCheck>(Of(facts)),
              HasSubstr("clipping in blocks.0.mlp.up: up to step 7, activations of "
                        "blocks.0.mlp.up as mxfp4: 12 % of the values are cut off at the largest "
                        "that their block holds (bound 10 %)"));
  facts.scales->clipped = 0.08;
  EXPECT_EQ(Found<ClippingCheck>(Of(facts)), "");
  facts = Facts("ternary", Operand::kWeights);
  facts.scales->clipped = 0.45;
  EXPECT_EQ(Found<ClippingCheck>(Of(facts)), "");
}

TEST_F(ChecksTest, ScaleSaturationIsToldAtEitherEnd) {
  OperandFacts facts = Facts("nvfp4", Operand::kGradients);
  facts.scales->at_smallest = 0.2;
  EXPECT_THAT(
      Found<ScaleSaturationCheck>(Of(facts)),
      HasSubstr("20 % of the block scales stand at the smallest that there is (bound 10 %)"));
  facts.scales->at_smallest = 0;
  facts.scales->at_largest = 0.3;
  EXPECT_THAT(Found<ScaleSaturationCheck>(Of(facts)), HasSubstr("at the largest that there is"));
  facts.scales->at_largest = 0.05;
  EXPECT_EQ(Found<ScaleSaturationCheck>(Of(facts)), "");
}

TEST_F(ChecksTest, WeightBeyondItsFormatIsTold) {
  OperandFacts facts = Facts("fp8_e4m3", Operand::kWeights);
  facts.largest = 450;
  EXPECT_EQ(Found<WeightRangeCheck>(Of(facts)), "");  // under a scale
  facts.largest_held = 448;
  EXPECT_THAT(Found<WeightRangeCheck>(Of(facts)),
              HasSubstr("the largest weight is 450, and the format reaches 448"));
  facts.largest = 400;
  EXPECT_EQ(Found<WeightRangeCheck>(Of(facts)), "");
}

TEST_F(ChecksTest, OperandOfAnEstimatorIsNotJudgedByScalesOfAFormat) {
  OperandFacts facts;
  facts.layer = "a";
  facts.zeros = 1;
  EXPECT_EQ(Found<UnderflowCheck>(Of(facts)), "");
  EXPECT_EQ(Found<ClippingCheck>(Of(facts)), "");
  EXPECT_EQ(Found<ScaleSaturationCheck>(Of(facts)), "");
}

Look Inputs(const std::string& layer, int64_t dead, int64_t all) {
  at::Tensor constant = at::zeros({all}, at::kBool);
  constant.narrow(0, 0, dead).fill_(true);
  return {.step = 9, .operands = {}, .inputs = {{layer, constant}}};
}

TEST_F(ChecksTest, DeadUnitsAreToldAfterThreeLooks) {
  EXPECT_EQ(Found<DeadUnitsCheck>(Inputs("blocks.0.mlp.down", 8, 64), 2), "");
  EXPECT_THAT(Found<DeadUnitsCheck>(Inputs("blocks.0.mlp.down", 8, 64), 3),
              HasSubstr("dead_units in blocks.0.mlp.down: up to step 9, 8 of the 64 units that "
                        "feed blocks.0.mlp.down gave one number for all records in 3 looks, 12.5 % "
                        "(bound 10 %)"));
  EXPECT_EQ(Found<DeadUnitsCheck>(Inputs("blocks.0.mlp.down", 6, 64)), "");
}

TEST_F(ChecksTest, ConstantInputsOfTheFirstLayerAreData) {
  EXPECT_EQ(Found<DeadUnitsCheck>(Inputs("embedding", 64, 64)), "");
}

TEST_F(ChecksTest, UnitThatLivesInOneLookIsNotDead) {
  DeadUnitsCheck check(parts_);
  for (int i = 0; i < 8; ++i)
    EXPECT_THAT(check.AfterLook(Inputs("a", i % 3 == 2 ? 0 : 64, 64)), IsEmpty()) << i;
}

class OscillationTest : public ChecksTest {
 protected:
  // Masters go to and fro by `step`, quantized values by 1 in the first `jumping` of 128 elements.
  std::vector<Finding> Follow(int64_t jumping, float step, int updates = 20) {
    OscillationCheck check(parts_);
    check.AfterLook({});
    std::vector<Finding> findings;
    for (int i = 1; i <= updates; ++i) {
      check.BeforeUpdate({.step = i});
      const float side = i % 2 == 0 ? 0.0F : 1.0F;
      layer_.master_.fill_(step * side);
      layer_.weight_.view({-1}).narrow(0, 0, jumping).fill_(side);
      for (Finding& finding : check.AfterQuantizing()) findings.push_back(std::move(finding));
    }
    return findings;
  }
};

TEST_F(OscillationTest, WeightsThatJumpToAndFroAreTold) {
  const std::vector<Finding> findings = Follow(32, 0.1F);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, health_code::kOscillation);
  EXPECT_EQ(findings[0].layer, "blocks.0.mlp.down");
  EXPECT_THAT(
      findings[0].message,
      HasSubstr("over 20 updates up to step 20, in blocks.0.mlp.down: 25 % of a sample of "
                "the weights jump to and fro between two numbers of the format (bound 10 %)"));
}

TEST_F(OscillationTest, FewOfThemAreNot) { EXPECT_THAT(Follow(12, 0.1F), IsEmpty()); }

TEST_F(OscillationTest, MastersThatMoveAsFarAreNone) { EXPECT_THAT(Follow(128, 0.5F), IsEmpty()); }

TEST_F(OscillationTest, NothingIsSaidBeforeTheEnd) {
  EXPECT_THAT(Follow(128, 0.1F, 19), IsEmpty());
}

TEST_F(OscillationTest, WeightsThatJumpOneWayAreNone) {
  OscillationCheck check(parts_);
  check.AfterLook({});
  for (int i = 1; i <= 20; ++i) {
    layer_.master_.fill_(0.01F * static_cast<float>(i));
    layer_.weight_.fill_(static_cast<float>(i));
    EXPECT_THAT(check.AfterQuantizing(), IsEmpty());
  }
}

}  // namespace
}  // namespace fp4::trainer
