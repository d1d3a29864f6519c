// The kernel against its slow reference, bit for bit.
#include "trainer/optimizer/adamw_tensors.h"

#include <gtest/gtest.h>

#include "trainer/optimizer/adamw.h"
#include "trainer/optimizer/master_rounding.h"
#include "trainer/random.h"

namespace fp4::trainer {
namespace {

using spec::OptimizerStates;

struct KindCase {
  OptimizerStates states;
  at::ScalarType masters, gradients;
};

at::Tensor Normal(at::IntArrayRef shape, uint64_t key, double deviation) {
  at::Tensor values = at::empty(shape, at::kFloat);
  FillNormal({values.mutable_data_ptr<float>(), static_cast<size_t>(values.numel())}, key,
             deviation);
  return values;
}

Parameter MakeParameter(const KindCase& kind) {
  Parameter parameter;
  parameter.name = "embedding.weight";
  parameter.shape = {40, 128};
  parameter.rounding_key = 77;
  parameter.master = Normal(parameter.shape, 1, 0.1).to(kind.masters).set_requires_grad(true);
  return parameter;
}

class AdamWKindsTest : public testing::TestWithParam<KindCase> {};

TEST_P(AdamWKindsTest, KernelAndTensorOperationsGiveEqualBits) {
  spec::OptimizerSpec spec;
  spec.beta1 = 0.9;
  spec.beta2 = 0.95;
  spec.eps = 1e-8;
  spec.weight_decay = 0.1;
  spec.learning_rate = 0.01;
  spec.states = GetParam().states;
  spec::LearningRateSpec schedule;
  schedule.name = spec::Schedule::kConstant;
  const Parameter parameter = MakeParameter(GetParam());
  at::Tensor reference = parameter.master.detach().clone();
  StoredMoment first = ZeroMoment(spec.states, Moment::kFirst, parameter);
  StoredMoment second = ZeroMoment(spec.states, Moment::kSecond, parameter);
  AdamW optimizer(spec, {parameter});

  for (int64_t step = 1; step <= 4; ++step) {
    const at::Tensor gradient = Normal(parameter.shape, 10 + step, 0.01).to(GetParam().gradients);
    parameter.master.mutable_grad() = gradient;
    optimizer.Step({schedule, step, 100});
    UpdateAdamWByTensors(FactorsOf(spec, 0.01, 0.1, step), reference, gradient,
                         {77, static_cast<uint64_t>(step)}, first, second);
  }

  const AdamState& state = optimizer.states()[0];
  const auto bytes = [](const at::Tensor& tensor) { return tensor.contiguous().view(at::kByte); };
  EXPECT_TRUE(at::equal(bytes(parameter.master.detach()), bytes(reference)));
  EXPECT_TRUE(at::equal(bytes(state.first_moment.values), bytes(first.values)));
  EXPECT_TRUE(at::equal(bytes(state.second_moment.values), bytes(second.values)));
  if (first.codec != nullptr) {
    EXPECT_TRUE(at::equal(state.first_moment.scales, first.scales));
    EXPECT_TRUE(at::equal(state.second_moment.scales, second.scales));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, AdamWKindsTest,
    testing::Values(KindCase{OptimizerStates::kFp32, at::kBFloat16, at::kFloat},
                    KindCase{OptimizerStates::kFp32, at::kFloat, at::kBFloat16},
                    KindCase{OptimizerStates::k8Bit, at::kFloat, at::kFloat},
                    KindCase{OptimizerStates::k8Bit, at::kBFloat16, at::kBFloat16},
                    KindCase{OptimizerStates::k4Bit, at::kFloat, at::kFloat},
                    KindCase{OptimizerStates::k4Bit, at::kBFloat16, at::kFloat},
                    KindCase{OptimizerStates::kFp8, at::kFloat, at::kBFloat16}));

TEST(MasterRoundingTest, TensorOperationsRoundAsTheKernelDoes) {
  at::Tensor values = Normal({3000}, 4, 1.0);
  values[1] = std::numeric_limits<float>::quiet_NaN();
  values[2] = std::numeric_limits<float>::infinity();
  values[3] = std::numeric_limits<float>::max();
  const RoundingStream rounding{.key = 0x123456789ABCDEF0, .step = 0x100000003};
  at::Tensor master = at::zeros({3008}, at::kBFloat16);
  StoreMaster(values, rounding, 8, master);
  const at::Tensor expected = RoundToBf16ByTensors(values, 8, rounding);
  EXPECT_TRUE(at::equal(master.narrow(0, 8, 3000).contiguous().view(at::kShort),
                        expected.view(at::kShort)));
}

TEST(MomentsTest, SmallTensorsKeepFp32AndLargeOnesAreAsSmallAsTheySay) {
  struct Row {
    std::vector<int64_t> shape;
    OptimizerStates states;
    int64_t bytes;  // of one moment with its scales
  };
  for (const Row& row : {Row{{64, 64}, OptimizerStates::k8Bit, 4096 + 16 * 4},
                         Row{{64, 64}, OptimizerStates::kFp8, 4096 + 16 * 4},
                         Row{{64, 64}, OptimizerStates::k4Bit, 2048 + 32 * 4},
                         Row{{63, 64}, OptimizerStates::k8Bit, 4032 * 4},
                         Row{{4224}, OptimizerStates::k8Bit, 4224 * 4},
                         Row{{4224}, OptimizerStates::k4Bit, 2112 + 33 * 4}}) {
    Parameter parameter;
    parameter.shape = row.shape;
    parameter.master = at::zeros(row.shape).set_requires_grad(true);
    parameter.master.mutable_grad() = at::ones(row.shape);
    spec::OptimizerSpec spec;
    spec.states = row.states;
    AdamW optimizer(spec, {parameter});
    spec::LearningRateSpec schedule;
    optimizer.Step({schedule, 1, 10});
    const StoredMoment& moment = optimizer.states()[0].second_moment;
    const int64_t scales = moment.scales.defined() ? moment.scales.nbytes() : 0;
    EXPECT_EQ(static_cast<int64_t>(moment.values.nbytes()) + scales, row.bytes);
  }
}

}  // namespace
}  // namespace fp4::trainer
