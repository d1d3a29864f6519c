#include "trainer/optimizer/schedule.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

using spec::Schedule;

struct ScheduleCase {
  const char* what;
  spec::LearningRateSpec spec;
  int64_t step;
  double expected;  // of a learning rate of 8, over 110 steps
};

class ScheduleTest : public testing::TestWithParam<ScheduleCase> {};

TEST_P(ScheduleTest, GivesTheRateOfTheFormula) {
  EXPECT_NEAR(LearningRate(GetParam().spec, 8.0, GetParam().step, 110), GetParam().expected, 1e-12)
      << GetParam().what;
}

spec::LearningRateSpec Spec(Schedule name, bool from_zero = false) {
  spec::LearningRateSpec spec;
  spec.name = name;
  spec.warmup_steps = 10;
  spec.min_factor = 0.25;
  spec.warmup_from_zero = from_zero;
  spec.decay_steps = 20;
  return spec;
}

INSTANTIATE_TEST_SUITE_P(
    Rates, ScheduleTest,
    testing::Values(ScheduleCase{"first update", Spec(Schedule::kCosine), 1, 0.8},
                    ScheduleCase{"last of warm-up", Spec(Schedule::kCosine), 10, 8},
                    ScheduleCase{"first from zero", Spec(Schedule::kCosine, true), 1, 0},
                    ScheduleCase{"last of warm-up from zero", Spec(Schedule::kCosine, true), 10,
                                 7.2},
                    ScheduleCase{"half of cosine", Spec(Schedule::kCosine), 60, 5},
                    ScheduleCase{"end of cosine", Spec(Schedule::kCosine), 110, 2},
                    ScheduleCase{"quarter of linear", Spec(Schedule::kLinear), 35, 6.5},
                    ScheduleCase{"end of linear", Spec(Schedule::kLinear), 110, 2},
                    ScheduleCase{"end of stable", Spec(Schedule::kWsd), 90, 8},
                    ScheduleCase{"half of decay", Spec(Schedule::kWsd), 100, 5},
                    ScheduleCase{"end of decay", Spec(Schedule::kWsd), 110, 2},
                    ScheduleCase{"constant", Spec(Schedule::kConstant), 110, 8}),
    [](const auto& info) {
      std::string name = info.param.what;
      std::replace(name.begin(), name.end(), ' ', '_');
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(ScheduleTest, WithoutWarmupTheFirstUpdateIsOnTheCurve) {
  spec::LearningRateSpec spec;
  spec.name = Schedule::kLinear;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 1.0, 1, 4), 0.75);
}

}  // namespace
}  // namespace fp4::trainer
