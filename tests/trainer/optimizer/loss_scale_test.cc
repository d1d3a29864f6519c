#include "trainer/optimizer/loss_scale.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

TEST(LossScaleTest, DoublesAfterCleanStepsAndHalvesAtOnce) {
  LossScale scale({.initial = 1024, .growth_interval = 2});
  scale.StepDone();
  EXPECT_EQ(scale.value(), 1024);
  scale.StepDone();
  EXPECT_EQ(scale.value(), 2048);
  scale.StepDone();
  ASSERT_TRUE(scale.Halve());
  EXPECT_EQ(scale.value(), 1024);
  scale.StepDone();  // the count began anew
  EXPECT_EQ(scale.value(), 1024);
}

TEST(LossScaleTest, StepThatIsLeftOutLeavesItAsItWas) {
  LossScale scale({.initial = 1024, .growth_interval = 2});
  scale.StepDone();
  scale.BeginStep();
  ASSERT_TRUE(scale.Halve());
  scale.StepLeftOut();
  EXPECT_EQ(scale.value(), 1024);
  scale.StepDone();  // the second clean step
  EXPECT_EQ(scale.value(), 2048);
}

TEST(LossScaleTest, DoesNotFallBelowOne) {
  LossScale scale({.initial = 3, .growth_interval = 2});
  EXPECT_TRUE(scale.Halve());
  EXPECT_FALSE(scale.Halve());
  EXPECT_EQ(scale.value(), 1.5);
}

TEST(LossScaleTest, NeverGrowsToInfinity) {
  LossScale scale({.initial = 0x1p127, .growth_interval = 1});
  scale.StepDone();
  EXPECT_EQ(scale.value(), 0x1p127);
}

}  // namespace
}  // namespace fp4::trainer
