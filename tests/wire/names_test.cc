#include "wire/names.h"

#include <gtest/gtest.h>

namespace fp4::wire {
namespace {

TEST(AxisNameTest, IsTheInverseOfAxisOfName) {
  for (const std::string& name : AxisNames()) EXPECT_EQ(AxisName(AxisOfName(name).value()), name);
  EXPECT_EQ(AxisName(v1::COMPARISON_AXIS_UNSPECIFIED), "end");
  EXPECT_FALSE(AxisOfName("miles").has_value());
}

TEST(StateNameTest, IsTheInverseOfStateOfName) {
  EXPECT_EQ(StateName(v1::RUN_STATE_QUEUED), "queued");
  EXPECT_EQ(StateOfName("cancelled"), v1::RUN_STATE_CANCELLED);
  EXPECT_FALSE(StateOfName("lost").has_value());
}

}  // namespace
}  // namespace fp4::wire
