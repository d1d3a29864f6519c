// What decisions are made from: the runs that have not finished, and the workers. Plain data, held
// by the store's writer thread, which changes it only together with the database.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/run_index.h"
#include "server/core/run_state.h"
#include "server/core/scheduling_policy.h"
#include "server/core/slot.h"
#include "server/core/worker_standing.h"
#include "spec/run_spec.h"

namespace fp4::core {

// Times of this header and of decide.h are Clock::SinceBoot.

// The right of one worker to run one attempt of one run.
struct Lease {
  std::string worker_id;
  std::vector<int32_t> slots;  // indices at that worker
  absl::Duration expires;      // in memory only: a slow disk expires nothing
  bool stop_told = false;      // its worker has been asked to stop it
  // Since when, or since the controller's start. In memory only.
  absl::Duration since = -absl::InfiniteDuration();
  bool preempted = false;  // it is to stop, and the run goes on later: a more urgent one waits
};

// What the trainer's last `finished` event says.
struct FinishedWord {
  int32_t attempt = 0;
  std::string status;  // a word of base/trainer_exit.h
  std::string reason;
};

struct RunEntry {
  std::string experiment_id, project, created_by;
  int64_t experiment_order = 0;  // of creation: older experiments have smaller ones
  int64_t order = 0;             // of creation, over all runs
  RunState state = RunState::kQueued;
  int32_t attempt = 0;       // current or last; 0: never assigned
  int32_t num_restarts = 0;  // attempts used up by failures
  int32_t max_restarts = 0;
  int32_t num_fruitless = 0;  // ended attempts in a row that brought the run no further
  // The current attempt has reported a step, or a checkpoint, beyond all that were stored before.
  // In memory only.
  bool progressed = false;
  spec::ResourceSpec resources;
  std::string last_worker_id;  // of the last attempt: its host has the checkpoints
  std::optional<Lease> lease;  // exactly when IsLeased(state)
  std::optional<FinishedWord> finished;
  // Why it is being cancelled, where that is not a user's wish: a string of base/reasons.h, and a
  // text for people.
  std::string stop_reason, stop_message;
  absl::Duration queued_since = absl::ZeroDuration();  // when it was last queued
  // Workers that were lost in a row with this run, none of which it brought further.
  std::set<std::string> lost_workers;
  // Not assigned before: a pause after a crash, or the time for a returned worker to deliver what
  // the log of the ended attempt still holds. In memory only.
  absl::Duration not_before = -absl::InfiniteDuration();
  // Workers on which attempts ended through no fault of the run's, as far as is known: until when
  // it goes to others first. In memory only.
  std::map<std::string, absl::Duration> avoided;
};

// Whether a worker takes new runs.
enum class Drain : uint8_t {
  kNone,    // it does
  kFinish,  // none; those that it has finish there
  kNow,     // none; those that it has stop with a checkpoint and go on elsewhere
};

struct WorkerEntry {
  std::string name, host, version, incarnation;
  std::vector<Slot> slots;
  bool polling = false;  // waits for work now: only such a worker gets any
  absl::Duration last_heard = -absl::InfiniteDuration();  // in memory only
  // Why it takes no work, in its own words; empty: it does. In memory only.
  std::string unfit = {};
  WorkerStanding standing = {};  // in memory only
  Drain drain = Drain::kNone;
};

struct ClusterState {
  std::map<std::string, RunEntry> runs;                      // by id; unfinished ones only
  RunIndex index;                                            // of `runs`
  std::map<std::string, WorkerEntry> workers;                // by id
  absl::Duration last_decision = -absl::InfiniteDuration();  // before the first one
  SchedulingPolicy policy = {};
};

}  // namespace fp4::core
