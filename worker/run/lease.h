// When a trainer must end: pure decisions over times of the boot clock (Clock::SinceBoot).
#pragma once

#include <string_view>

#include "absl/time/time.h"

namespace fp4::worker {

// What follows from the last acknowledged renewal, counted from the time it was *sent*: the
// controller counts its TTL from when it arrived, which is later, so that a trainer here always
// ends before its run is given to another worker.
struct LeaseDeadlines {
  absl::Duration stop;     // SIGTERM: time for a checkpoint
  absl::Duration kill;     // SIGKILL to the group
  absl::Duration trainer;  // lease.json: the trainer leaves by itself, should this worker be gone
};

// With m = min(10 s, ttl / 3): stop = sent + ttl - m; kill = sent + ttl - m / 5; trainer = kill,
// but, because the trainer looks once a second, at least 1.5 s before the end and never before
// stop.
LeaseDeadlines DeadlinesAfter(absl::Duration sent, absl::Duration ttl);

// Why a trainer is being ended, by rising weight: a later reason replaces an earlier one only if it
// is heavier.
enum class StopReason {
  kNone,
  kRequested,  // by the controller: cancelled or preempted
  kShutdown,   // of this worker
  kMaxRuntime,
  kLeaseExpired,
  kFenced,  // the lease is another's, or nothing is wanted any more: at once, without a checkpoint
};

// "requested", "max_runtime", …: in logs.
std::string_view StopReasonName(StopReason reason);

// How far the ending of one trainer has come.
struct Ending {
  StopReason reason = StopReason::kNone;
  absl::Duration kill_at = absl::InfiniteDuration();
  bool terminated = false;  // SIGTERM was sent
  bool killed = false;      // SIGKILL was sent
};

struct TrainerLimits {
  LeaseDeadlines lease;
  absl::Duration runtime_deadline = absl::InfiniteDuration();
  absl::Duration grace;  // between SIGTERM and SIGKILL
};

// `ending` with `reason` taken in, if it weighs more. kFenced kills at once, all else after the
// grace.
Ending WithReason(Ending ending, StopReason reason, absl::Duration now, absl::Duration grace);

// `ending` after the clock has been looked at: the lease and the runtime may have added a reason.
Ending AfterClock(Ending ending, const TrainerLimits& limits, absl::Duration now);

enum class Measure { kNone, kTerminate, kKill };

// The signal that is due now; the caller sends it and sets `terminated` or `killed`. The lease's
// kill deadline, which moves with each renewal, bounds every grace.
Measure DueMeasure(const Ending& ending, const LeaseDeadlines& lease, absl::Duration now);

}  // namespace fp4::worker
