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

}  // namespace
}  // namespace fp4::trainer
