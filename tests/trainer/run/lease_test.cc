#include "trainer/run/lease.h"

#include <gtest/gtest.h>

namespace fp4::trainer {
namespace {

struct LeaseCase {
  const char* json;
  int64_t now_seconds;
  bool ended;
};

class LeaseTest : public testing::TestWithParam<LeaseCase> {};

TEST_P(LeaseTest, EndsWhenItShould) {
  std::string why = LeaseEnded(GetParam().json, "boot-a", absl::Seconds(GetParam().now_seconds));
  EXPECT_EQ(!why.empty(), GetParam().ended) << why;
}

INSTANTIATE_TEST_SUITE_P(
    Leases, LeaseTest,
    testing::Values(LeaseCase{R"({"boot_id":"boot-a","deadline_ns":10000000000})", 9, false},
                    LeaseCase{R"({"boot_id":"boot-a","deadline_ns":10000000000})", 10, true},
                    LeaseCase{R"({"boot_id":"boot-a","deadline_ns":10000000000})", 11, true},
                    LeaseCase{R"({"boot_id":"boot-b","deadline_ns":10000000000})", 9, true},
                    LeaseCase{R"({"boot_id":"boot-a"})", 9, true}, LeaseCase{"", 9, true},
                    LeaseCase{"[1]", 9, true}));

TEST(LeaseLookTest, ComesEachSecondAndAtTheDeadline) {
  constexpr char kLease[] = R"({"boot_id":"boot-a","deadline_ns":10000000000})";
  EXPECT_EQ(NextLook(kLease, absl::Seconds(3)), absl::Seconds(1));
  EXPECT_EQ(NextLook(kLease, absl::Milliseconds(9700)), absl::Milliseconds(300));
  EXPECT_GT(NextLook(kLease, absl::Seconds(10)), absl::ZeroDuration());
}

}  // namespace
}  // namespace fp4::trainer
