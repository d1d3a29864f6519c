// What the end of an attempt means for its run. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "server/core/cluster_state.h"

namespace fp4::core {

// As the worker saw the trainer's process end.
enum class ExitCause : uint8_t {
  kExited,       // exit_code
  kSignaled,     // signal
  kLeaseLost,    // ended by the worker at its deadline
  kMaxRuntime,   // ended by the worker
  kSpawnFailed,  // message says why
  kLost,         // found dead after the worker's own restart
};

struct Exit {
  ExitCause cause = ExitCause::kExited;
  int32_t exit_code = 0;  // of base/trainer_exit.h, or what an operating system made of it
  int32_t signal = 0;
  std::string message;
  std::string stderr_tail;  // last lines
};

struct Verdict {
  RunState next = RunState::kQueued;
  std::string reason;         // a string of base/reasons.h; empty for completed
  std::string message;        // for people
  bool uses_restart = false;  // counts against retry.max_restarts
  // How long to wait before the next attempt: after a crash 1 s, doubling with each restart, at
  // most 1 min, so that a host that fails everything at once does not use up a run's restarts in a
  // blink.
  absl::Duration pause = absl::ZeroDuration();
};

// The run is leased and its trainer's process is gone.
//   completed   its log says so (whatever the exit status), also when a cancel came too late
//   cancelled   a cancel was asked for
//   failed      the log says so itself (it would fail again), a bad document, the time limit, or
//               all restarts are used up
//   queued      stopped by a signal after a checkpoint, or the lease was lost: free of charge;
//               crashed, not started, or found dead: one restart
Verdict JudgeExit(const RunEntry& run, const Exit& exit);

// The run is leased and nobody renewed. As JudgeExit; costs a restart only when the trainer had
// reported.
Verdict JudgeExpiry(const RunEntry& run);

}  // namespace fp4::core
