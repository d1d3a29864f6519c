// How a daemon learns that it shall stop.
#pragma once

#include "absl/time/time.h"
#include "base/file.h"

namespace fp4 {

// Blocks SIGINT and SIGTERM in the calling thread, and thereby in all that it starts later: make
// one first thing in main.
class StopSignal {
 public:
  StopSignal();

  // Waits for a signal; its number, or 0 after `timeout`.
  int Wait(absl::Duration timeout = absl::InfiniteDuration());

 private:
  UniqueFd fd_;
};

}  // namespace fp4
