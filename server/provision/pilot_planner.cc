#include "server/provision/pilot_planner.h"

#include <algorithm>

namespace fp4::provision {

void PilotPlanner::Judge(const Demand& demand, bool any_jobs, absl::Duration now) {
  if (demand.leased > 0 || demand.queued == 0) {
    attempt_open_ = false;
    fruitless_ = 0;
    not_before_ = -absl::InfiniteDuration();
    return;
  }
  if (!attempt_open_ || any_jobs) return;
  attempt_open_ = false;
  const absl::Duration pause = limits_.first_pause * (int64_t{1} << std::min(fruitless_, 20));
  ++fruitless_;
  not_before_ = now + std::min(pause, limits_.last_pause);
}

PilotPlan PilotPlanner::Plan(const Demand& demand, const std::vector<PilotJob>& jobs,
                             absl::Duration now) {
  Judge(demand, !jobs.empty(), now);
  std::vector<std::string> waiting;
  int64_t starting = 0;
  for (const PilotJob& job : jobs) {
    if (!job.running) waiting.push_back(job.id);
    if (job.running && job.age < limits_.start_time) ++starting;
  }
  const int64_t slots = limits_.slots_per_worker;
  const int64_t needed = (demand.queued + slots - 1) / slots - starting;
  const auto num_waiting = static_cast<int64_t>(waiting.size());
  PilotPlan plan;
  if (needed < num_waiting) {
    plan.cancel.assign(waiting.end() - (num_waiting - std::max<int64_t>(needed, 0)), waiting.end());
  }
  if (now < not_before_) {
    plan.pause = not_before_ - now;
    return plan;
  }
  const int64_t room = limits_.max_workers - static_cast<int64_t>(jobs.size());
  plan.submit = std::clamp<int64_t>(needed - num_waiting, 0, std::max<int64_t>(room, 0));
  if (plan.submit > 0) attempt_open_ = true;
  return plan;
}

}  // namespace fp4::provision
