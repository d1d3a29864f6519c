#include "server/http/writer_health.h"

#include <gmock/gmock.h>

namespace fp4::http {
namespace {

using ::testing::HasSubstr;

class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration SinceBoot() const override { return now; }
  absl::Duration now = absl::Hours(1);
};

TEST(WriterHealth, IsGoodWhileTheWriterDecides) {
  FakeClock clock;
  WriterHealth health(clock);
  EXPECT_TRUE(health.Check(absl::OkStatus()).healthy);
  for (int i = 0; i < 5; ++i) {
    clock.now += absl::Seconds(9);
    EXPECT_TRUE(health.Check(absl::OkStatus()).healthy);
    health.Beat();
  }
}

TEST(WriterHealth, IsBadWhenTheWriterIsStuck) {
  FakeClock clock;
  WriterHealth health(clock);
  clock.now += absl::Seconds(12);
  const telemetry::HealthReport report = health.Check(absl::OkStatus());
  EXPECT_FALSE(report.healthy);
  EXPECT_EQ(report.message, "the store's writer has not run for 12 s");
  health.Beat();
  EXPECT_TRUE(health.Check(absl::OkStatus()).healthy);
}

TEST(WriterHealth, IsBadWhenWritesFail) {
  FakeClock clock;
  const telemetry::HealthReport report =
      WriterHealth(clock).Check(absl::UnavailableError("database or disk is full"));
  EXPECT_FALSE(report.healthy);
  EXPECT_THAT(report.message, HasSubstr("disk is full"));
}

}  // namespace
}  // namespace fp4::http
