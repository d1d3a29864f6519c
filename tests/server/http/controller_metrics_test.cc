#include "server/http/controller_metrics.h"

#include <gmock/gmock.h>

#include "base/health_codes.h"
#include "tests/support/fake_clock.h"

namespace fp4::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StoreMetricsTest : public ::testing::Test {
 protected:
  fp4::testing::FakeClock clock_;
  telemetry::MetricRegistry registry_;
  WriterHealth health_{clock_};
  artifacts::DiskGuard disk_{"/", 0};
  StoreMetrics metrics_{registry_, health_, disk_};
};

TEST_F(StoreMetricsTest, EveryCodeOfAFindingIsThereFromTheStart) {
  const std::string text = registry_.Text();
  for (const health_code::HealthCode& row : health_code::kTable) {
    EXPECT_THAT(text, HasSubstr("fp4_controller_findings_total{code=\"" + std::string(row.code) +
                                "\"} 0\n"));
  }
}

TEST_F(StoreMetricsTest, CodesOfANewerTrainerAreCountedTogether) {
  metrics_.OnFinding("non_finite");
  metrics_.OnFinding("of_next_year");
  metrics_.OnFinding("of_the_year_after");
  const std::string text = registry_.Text();
  EXPECT_THAT(text, HasSubstr("fp4_controller_findings_total{code=\"non_finite\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("fp4_controller_findings_total{code=\"other\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("of_next_year")));
}

}  // namespace
}  // namespace fp4::http
