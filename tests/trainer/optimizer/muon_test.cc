// The expected numbers are those of bench/traces (updates.py), a program that shares no code.
#include "trainer/optimizer/muon.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "spec/optimizer_tensors.h"

namespace fp4::trainer {
namespace {

double Noise(uint32_t i, uint32_t step) {
  uint32_t x = i * 2654435761u + step * 2246822519u;
  x ^= x >> 15;
  x *= 2246822519u;
  x ^= x >> 13;
  return x / 0x1p31 - 1.0;
}

at::Tensor NoiseMatrix(const std::vector<int64_t>& shape, uint32_t step, double scale) {
  at::Tensor matrix = at::empty(shape, at::kFloat);
  auto* values = matrix.mutable_data_ptr<float>();
  for (uint32_t i = 0; i < matrix.numel(); ++i)
    values[i] = static_cast<float>(scale * Noise(i, step));
  return matrix;
}

// A schedule that keeps to the peak.
UpdateRate Peak(int64_t update) {
  static const spec::LearningRateSpec schedule = [] {
    spec::LearningRateSpec constant;
    constant.name = spec::Schedule::kConstant;
    return constant;
  }();
  return {schedule, update, 100};
}

Parameter MakeParameter(std::vector<int64_t> shape, std::vector<int64_t> parts = {}) {
  Parameter parameter;
  parameter.name = "blocks.0.mlp.up.weight";
  parameter.shape = std::move(shape);
  parameter.stacked_rows = std::move(parts);
  parameter.master = NoiseMatrix(parameter.shape, 0, 0.1).set_requires_grad(true);
  return parameter;
}

spec::OptimizerSpec Spec(spec::MuonScale scale, spec::MuonDtype dtype = spec::MuonDtype::kFp32) {
  spec::OptimizerSpec spec;
  spec.name = "muon";
  spec.muon.weight_decay = 0.1;
  spec.muon.scale = scale;
  spec.muon.dtype = dtype;
  return spec;
}

at::Tensor Train(const spec::OptimizerSpec& spec, const Parameter& parameter, int64_t steps = 3) {
  Muon muon(spec, {parameter});
  for (int64_t step = 1; step <= steps; ++step) {
    parameter.master.mutable_grad() =
        NoiseMatrix(parameter.shape, static_cast<uint32_t>(step), 1.0);
    muon.Step(Peak(step));
  }
  return parameter.master.detach().view({parameter.shape[0], -1});
}

struct TraceCase {
  const char* name;
  std::vector<int64_t> shape, parts;
  spec::MuonScale scale;
  std::array<float, 4> weights;  // first; second row's second; last row's first; last
};

class MuonTraceTest : public testing::TestWithParam<TraceCase> {};

TEST_P(MuonTraceTest, ThreeUpdatesAreThoseOfTheIndependentProgram) {
  const at::Tensor w =
      Train(Spec(GetParam().scale), MakeParameter(GetParam().shape, GetParam().parts));
  EXPECT_NEAR(w[0][0].item<float>(), GetParam().weights[0], 2e-6);
  EXPECT_NEAR(w[1][1].item<float>(), GetParam().weights[1], 2e-6);
  EXPECT_NEAR(w[-1][0].item<float>(), GetParam().weights[2], 2e-6);
  EXPECT_NEAR(w[-1][-1].item<float>(), GetParam().weights[3], 2e-6);
}

TEST_P(MuonTraceTest, Bf16FollowsWithinItsPrecision) {
  const Parameter parameter = MakeParameter(GetParam().shape, GetParam().parts);
  const at::Tensor before = parameter.master.detach().clone().view({GetParam().shape[0], -1});
  const at::Tensor exact =
      Train(Spec(GetParam().scale), MakeParameter(GetParam().shape, GetParam().parts));
  const at::Tensor bf16 = Train(Spec(GetParam().scale, spec::MuonDtype::kBf16), parameter);
  const double moved = (exact - before).norm().item<double>();
  const double apart = (exact - bf16).norm().item<double>();
  EXPECT_LT(apart, 0.05 * moved);
  EXPECT_GT(apart, 0);
}

using spec::MuonScale;
INSTANTIATE_TEST_SUITE_P(
    Recorded, MuonTraceTest,
    testing::Values(TraceCase{"wide_keller",
                              {6, 10},
                              {},
                              MuonScale::kKeller,
                              {-0.110583423f, -0.094970859f, 0.0462465096f, -0.0419595792f}},
                    TraceCase{"wide_moonlight",
                              {6, 10},
                              {},
                              MuonScale::kMoonlight,
                              {-0.106473459f, -0.0941327273f, 0.0430024941f, -0.0470005572f}},
                    TraceCase{"tall_keller",
                              {10, 6},
                              {},
                              MuonScale::kKeller,
                              {-0.114560923f, -0.045749543f, 0.0496115439f, -0.0497814787f}},
                    TraceCase{"tall_moonlight",
                              {10, 6},
                              {},
                              MuonScale::kMoonlight,
                              {-0.106827917f, -0.0351998907f, 0.052897667f, -0.052787708f}},
                    TraceCase{"stacked_keller",
                              {12, 4},
                              {4, 4, 4},
                              MuonScale::kKeller,
                              {-0.128107156f, 0.0585534439f, 0.0766865217f, 0.0386040088f}},
                    TraceCase{"stacked_moonlight",
                              {12, 4},
                              {4, 4, 4},
                              MuonScale::kMoonlight,
                              {-0.110883582f, 0.0639399132f, 0.0799276641f, 0.0484050855f}},
                    TraceCase{"grouped_keller",
                              {16, 6},
                              {8, 4, 4},
                              MuonScale::kKeller,
                              {-0.112326719f, -0.0430340631f, -0.0490720671f, -0.0720030736f}},
                    TraceCase{"grouped_moonlight",
                              {16, 6},
                              {8, 4, 4},
                              MuonScale::kMoonlight,
                              {-0.105733385f, -0.0338695827f, -0.0443836038f, -0.0751170913f}},
                    TraceCase{"convolution_keller",
                              {10, 3, 1, 2},
                              {},
                              MuonScale::kKeller,
                              {-0.114560923f, -0.045749543f, 0.0496115439f, -0.0497814787f}}),
    [](const auto& info) { return info.param.name; });

TEST(MuonTest, OrthogonalizedMatrixHasSingularValuesAroundOne) {
  for (std::vector<int64_t> shape : {std::vector<int64_t>{16, 64}, {64, 16}}) {
    const at::Tensor values =
        at::linalg_svdvals(Orthogonalize(NoiseMatrix(shape, 1, 1.0), 5, at::kFloat));
    EXPECT_GT(values.min().item<double>(), 0.65);
    EXPECT_LT(values.max().item<double>(), 1.25);
  }
}

TEST(MuonTest, MatrixOfZerosStaysZero) {
  EXPECT_FALSE(Orthogonalize(at::zeros({4, 8}), 5, at::kBFloat16).any().item<bool>());
}

TEST(MuonTest, TensorWithoutAGradientKeepsItsBits) {
  const Parameter parameter = MakeParameter({6, 10});
  const at::Tensor before = parameter.master.detach().clone();
  Muon muon(Spec(MuonScale::kKeller), {parameter});
  muon.Step(Peak(1));
  EXPECT_TRUE(at::equal(parameter.master, before));
  StateSnapshot snapshot;
  muon.Save(snapshot);
  EXPECT_TRUE(snapshot.tensors.empty());
}

TEST(MuonTest, Bf16MastersAreNeverMoreThanOneStepFromTheExactOnes) {
  Parameter parameter = MakeParameter({6, 10});
  parameter.master = parameter.master.detach().to(at::kBFloat16).set_requires_grad(true);
  Parameter exact = parameter;
  exact.master = parameter.master.detach().to(at::kFloat).set_requires_grad(true);
  const at::Tensor wanted = Train(Spec(MuonScale::kKeller), exact, 1);
  const at::Tensor rounded = Train(Spec(MuonScale::kKeller), parameter, 1);
  EXPECT_EQ(rounded.scalar_type(), at::kBFloat16);
  EXPECT_LE(((rounded.to(at::kFloat) - wanted) / wanted).abs().max().item<double>(), 0x1p-7);
}

// In one run: the matrices of the body by Muon, all else by AdamW.
TEST(MakeOptimizersTest, MuonTakesTheMatricesOfTheBodyAndAdamWTheRest) {
  spec::ModelSpec model;
  model.d_model = 8;
  model.num_layers = 1;
  model.num_heads = 1;
  model.d_ff = 8;
  model.vocab_size = 16;
  model.tie_embeddings = false;
  const ParameterSet parameters(model, 1, at::kCPU);
  const auto optimizers = MakeOptimizers(Spec(MuonScale::kKeller), parameters);
  ASSERT_EQ(optimizers.size(), 2u);
  std::vector<std::string> muon, adamw;
  for (const Parameter& parameter : optimizers[0]->parameters()) muon.push_back(parameter.name);
  for (const Parameter& parameter : optimizers[1]->parameters()) adamw.push_back(parameter.name);
  EXPECT_EQ(muon, (std::vector<std::string>{"blocks.0.attention.qkv.weight",
                                            "blocks.0.attention.out.weight",
                                            "blocks.0.mlp.up.weight", "blocks.0.mlp.down.weight"}));
  EXPECT_EQ(adamw, (std::vector<std::string>{"embedding.weight", "blocks.0.attention_norm.weight",
                                             "blocks.0.mlp_norm.weight", "final_norm.weight",
                                             "lm_head.weight"}));
  EXPECT_EQ(optimizers[0]->Metrics(Peak(1)), (MetricValues{{"train/muon_learning_rate", 0.02}}));
}

}  // namespace
}  // namespace fp4::trainer
