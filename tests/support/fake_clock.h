// A clock that stands still until it is told to move.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"

namespace fp4::testing {

// Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1767323045)) : now_(now) {}

  absl::Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  absl::Duration SinceBoot() const override {
    MutexLock lock(mutex_);
    return since_boot_;
  }

  // Both clocks.
  void Advance(absl::Duration duration) {
    MutexLock lock(mutex_);
    now_ += duration;
    since_boot_ += duration;
  }

  // Wall time alone, as when somebody sets it.
  void JumpTo(absl::Time now) {
    MutexLock lock(mutex_);
    now_ = now;
  }

 private:
  mutable Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration since_boot_ ABSL_GUARDED_BY(mutex_) = absl::Hours(1);
};

}  // namespace fp4::testing
