#include "worker/run/lease.h"

#include <algorithm>

namespace fp4::worker {

LeaseDeadlines DeadlinesAfter(absl::Duration sent, absl::Duration ttl) {
  const absl::Duration margin = std::min(absl::Seconds(10), ttl / 3);
  const absl::Duration end = sent + ttl;
  const absl::Duration before_end =
      std::min(margin, std::max(margin / 5, absl::Milliseconds(1500)));
  return {.stop = end - margin, .kill = end - margin / 5, .trainer = end - before_end};
}

std::string_view StopReasonName(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return "none";
    case StopReason::kRequested:
      return "requested";
    case StopReason::kShutdown:
      return "shutdown";
    case StopReason::kMaxRuntime:
      return "max_runtime";
    case StopReason::kLeaseExpired:
      return "lease_expired";
    case StopReason::kFenced:
      return "fenced";
  }
  return "none";
}

Ending WithReason(Ending ending, StopReason reason, absl::Duration now, absl::Duration grace) {
  if (reason <= ending.reason) return ending;
  ending.reason = reason;
  const absl::Duration kill_at = reason == StopReason::kFenced ? now : now + grace;
  ending.kill_at = std::min(ending.kill_at, kill_at);
  return ending;
}

Ending AfterClock(Ending ending, const TrainerLimits& limits, absl::Duration now) {
  if (now >= limits.runtime_deadline) {
    ending = WithReason(ending, StopReason::kMaxRuntime, now, limits.grace);
  }
  if (now >= limits.lease.stop) {
    ending = WithReason(ending, StopReason::kLeaseExpired, now, limits.grace);
  }
  return ending;
}

Measure DueMeasure(const Ending& ending, const LeaseDeadlines& lease, absl::Duration now) {
  if (ending.reason == StopReason::kNone || ending.killed) return Measure::kNone;
  if (now >= std::min(ending.kill_at, lease.kill)) return Measure::kKill;
  return ending.terminated ? Measure::kNone : Measure::kTerminate;
}

}  // namespace fp4::worker
