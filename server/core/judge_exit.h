// What the end of an attempt means for its run. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/exit_cause.h"
#include "server/core/cluster_state.h"

namespace fp4::core {

using fp4::ExitCause;

// Of a trainer's process.
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
  bool counts = true;         // as a try: one that was cut short says nothing about the run
  bool lost_worker = false;   // the worker went with it
  Blame blame = Blame::kNobody;
  bool elsewhere = false;  // the next attempt goes to another worker first
  // How long to wait before the next attempt. It doubles with each failure, so that nothing is
  // started again and again without a pause.
  absl::Duration pause = absl::ZeroDuration();
};

// So many attempts in a row that ended for free and brought the run no further end it, unless the
// fault was surely a worker's: something stops it each time, and another try would not help.
inline constexpr int32_t kMaxFruitless = 10;

// After so many tries in a row that brought it no further a run whose data is missing fails.
inline constexpr int32_t kMaxWithoutData = 3;

// So many different workers that are lost in a row with a run, none of which brought it further,
// set it aside: it is likely to be what they are lost of.
inline constexpr size_t kMaxLostWorkers = 3;

// The run is leased and its trainer's process is gone; docs/run-states.md holds the table.
//   completed   its log says so (whatever the exit status), also when a cancel came too late
//   cancelled   a cancel was asked for
//   failed      the log says so itself (it would fail again), a bad document, the time limit, all
//               restarts are used up, or no attempt gets anywhere
//   queued      for free where the run is not to blame: it was stopped, its worker or machine
//   failed
//               it, the lease was lost; for one restart where it crashed
Verdict JudgeExit(const RunEntry& run, const Exit& exit);

// The run is leased and nobody renewed. As JudgeExit.
Verdict JudgeExpiry(const RunEntry& run);

// The run is to stop, and its worker never began the attempt.
Verdict JudgeUntaken(const RunEntry& run);

// The entry after the verdict: without lease, queued until its pause is over, and with the worker
// avoided for some time where the next attempt shall go elsewhere.
RunEntry AfterVerdict(RunEntry run, const Verdict& verdict, absl::Duration now);

// What the end says about the worker of the attempt. `run` is the entry before the verdict.
void NoteEnd(WorkerStanding& standing, const std::string& run_id, const RunEntry& run,
             const Verdict& verdict, absl::Duration now);

}  // namespace fp4::core
