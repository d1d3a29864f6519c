// How many workers a cluster is asked for. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace fp4::provision {

// A job of the cluster that is one worker: it waits in the cluster's own queue, or runs.
struct PilotJob {
  std::string id;
  bool running = false;
  absl::Duration age = {};  // since it began to run
};

// What the controller has.
struct Demand {
  int64_t queued = 0;  // runs that wait for a slot
  int64_t leased = 0;  // runs that a worker holds
};

struct PilotLimits {
  int64_t max_workers = 1;
  int64_t slots_per_worker = 1;
  // A worker that runs for longer has registered and taken what fitted, or never will.
  absl::Duration start_time = absl::Minutes(1);
  // Between two attempts that brought nothing: a run that no such worker can take, or workers that
  // do not come up, would otherwise be asked for without end.
  absl::Duration first_pause = absl::Seconds(10), last_pause = absl::Minutes(10);
};

struct PilotPlan {
  int64_t submit = 0;
  std::vector<std::string> cancel;  // jobs that wait for nothing
  // The pause that fruitless attempts have led to; zero: none.
  absl::Duration pause;
};

// Not thread-safe.
class PilotPlanner {
 public:
  explicit PilotPlanner(const PilotLimits& limits) : limits_(limits) {}

  // A queued run counts as provided for by a slot of a job that waits or has just begun; what is
  // left is submitted for, up to the limit. Jobs that still wait when fewer are needed are
  // cancelled, the youngest first; running ones end by themselves when they are idle.
  //
  // An attempt is fruitless when all jobs are gone, runs wait as before, and none was leased since
  // it was made.
  PilotPlan Plan(const Demand& demand, const std::vector<PilotJob>& jobs, absl::Duration now);

 private:
  void Judge(const Demand& demand, bool any_jobs, absl::Duration now);

  const PilotLimits limits_;
  bool attempt_open_ = false;  // submitted for, and nothing has come of it yet
  int fruitless_ = 0;          // attempts in a row
  absl::Duration not_before_ = -absl::InfiniteDuration();
};

}  // namespace fp4::provision
