// resources.max_runtime of a run that nobody watches over.
#pragma once

#include "absl/time/time.h"
#include "base/clock.h"

namespace fp4::trainer {

// Whether an attempt has lasted longer than it may. Counts from construction, time that the machine
// slept included. Thread-safe.
class RuntimeLimit {
 public:
  // `limit` zero: none. `clock` outlives this.
  RuntimeLimit(absl::Duration limit, const Clock& clock)
      : deadline_(limit > absl::ZeroDuration() ? clock.SinceBoot() + limit
                                               : absl::InfiniteDuration()),
        clock_(clock) {}

  bool passed() const { return clock_.SinceBoot() >= deadline_; }

 private:
  const absl::Duration deadline_;
  const Clock& clock_;
};

}  // namespace fp4::trainer
