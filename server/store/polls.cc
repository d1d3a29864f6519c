#include "server/store/polls.h"

#include <algorithm>

#include "server/core/placement.h"
#include "server/store/attempts.h"
#include "server/store/run_documents.h"

namespace fp4::store {
namespace {

bool Holds(const AcquireWork& request, const std::string& run_id, int32_t attempt) {
  return std::ranges::find(request.held, Held{run_id, attempt}) != request.held.end();
}

void EndUntakenStops(Ledger& ledger, const AcquireWork& request) {
  std::vector<std::string> untaken;
  for (const std::string& id : ledger.state().index.leased) {
    const core::RunEntry& run = ledger.state().runs.at(id);
    if (core::MustStop(run, ledger.state()) && run.lease->worker_id == request.worker_id &&
        !Holds(request, id, run.attempt)) {
      untaken.push_back(id);
    }
  }
  for (const std::string& id : untaken) EndUntaken(ledger, id);
}

}  // namespace

void Polls::Add(Ledger& ledger, const AcquireWork& request, int64_t call,
                const Done<AcquiredWork>& done) {
  auto earlier = polls_.find(request.worker_id);
  if (earlier != polls_.end() && earlier->second.call != call) {
    Remove(ledger, request.worker_id, AcquiredWork{});
  }
  EndUntakenStops(ledger, request);
  const absl::Duration wait = std::clamp(request.wait, absl::ZeroDuration(), kMaxAcquireWait);
  polls_[request.worker_id] = {request, ledger.since_boot() + wait, call, done};
  core::WorkerEntry& worker = ledger.state().workers.at(request.worker_id);
  worker.polling = true;
  worker.unfit = request.unfit;
  ledger.workers()[request.worker_id].host_facts = request.host_facts;
}

void Polls::Cancel(Ledger& ledger, const std::string& worker_id, const std::string& incarnation) {
  auto poll = polls_.find(worker_id);
  if (poll == polls_.end()) return;
  if (!incarnation.empty() && poll->second.request.incarnation != incarnation) return;
  Remove(ledger, worker_id, AcquiredWork{});
}

void Polls::Remove(Ledger& ledger, const std::string& worker_id,
                   absl::StatusOr<AcquiredWork> reply) {
  auto poll = polls_.extract(worker_id);
  if (poll.empty()) return;
  auto worker = ledger.state().workers.find(worker_id);
  if (worker != ledger.state().workers.end()) worker->second.polling = false;
  poll.mapped().done(std::move(reply));
}

std::vector<Polls::Answer> Polls::Collect(Ledger& ledger) {
  if (polls_.empty()) return {};
  std::map<std::string, AcquiredWork> work;
  for (const std::string& id : ledger.state().index.leased) {
    core::RunEntry& run = ledger.state().runs.at(id);
    auto poll = polls_.find(run.lease->worker_id);
    if (poll == polls_.end()) continue;
    const bool held = Holds(poll->second.request, id, run.attempt);
    if (core::MustStop(run, ledger.state())) {
      if (!held || run.lease->stop_told) continue;
      run.lease->stop_told = true;
      work[poll->first].stop.push_back({id, run.attempt});
    } else if (!held) {
      work[poll->first].assignments.push_back(MakeAssignment(ledger, id));
    }
  }
  std::vector<Answer> answers;
  for (const auto& [worker_id, poll] : polls_) {
    auto found = work.find(worker_id);
    if (found != work.end()) {
      answers.push_back({worker_id, std::move(found->second)});
    } else if (poll.deadline <= ledger.since_boot()) {
      answers.push_back({worker_id, {}});
    }
  }
  return answers;
}

void Polls::Deliver(Ledger& ledger, std::vector<Answer> answers) {
  for (Answer& answer : answers) {
    if (const auto info = ledger.workers().find(answer.worker_id); info != ledger.workers().end()) {
      info->second.last_answered = ledger.since_boot();
    }
    Remove(ledger, answer.worker_id, std::move(answer.work));
  }
}

void Polls::CloseAll(const absl::Status& error) {
  for (auto& [worker_id, poll] : polls_) poll.done(error);
  polls_.clear();
}

}  // namespace fp4::store
