// Whether the store's writer is alive.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "base/clock.h"
#include "telemetry/http_endpoint.h"

namespace fp4::http {

// The writer decides at least every half second; one that has not for this long is stuck, on a disk
// that does not answer, say.
inline constexpr absl::Duration kMaxSilence = absl::Seconds(10);

// Thread-safe; waits for nothing.
class WriterHealth {
 public:
  // Counts as alive from now on. The clock outlives it.
  explicit WriterHealth(const Clock& clock);

  // The writer has decided.
  void Beat();

  // `store_health`: Store::Health(), the last write's outcome.
  telemetry::HealthReport Check(const absl::Status& store_health) const;

 private:
  const Clock& clock_;
  std::atomic<int64_t> last_beat_ns_;  // Clock::SinceBoot
};

}  // namespace fp4::http
