#include "base/clock.h"

#include <time.h>

#include <fstream>

#include "absl/time/clock.h"
#include "base/fault_points.h"

namespace fp4 {
namespace {

class RealClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + InjectedClockShift(); }

  absl::Duration SinceBoot() const override {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return absl::DurationFromTimespec(now);
  }
};

constexpr char kTimestampFormat[] = "%Y-%m-%dT%H:%M:%E3SZ";

}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime(kTimestampFormat, time, absl::UTCTimeZone());
}

absl::Time ParseTimestamp(std::string_view text) {
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%dT%H:%M:%E*SZ", {text.data(), text.size()}, &time, nullptr)) {
    return absl::InfinitePast();
  }
  return time;
}

}  // namespace fp4
