// What the worker asks the controller, and what it makes of the answers.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "base/reasons.h"
#include "worker/host/worker_id.h"
#include "worker/worker.h"

namespace fp4::worker {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(200);
constexpr absl::Duration kLastRetry = absl::Seconds(3);
// Between two long polls when the first brought nothing new.
constexpr absl::Duration kAcquirePause = absl::Milliseconds(250);

HostFacts FactsOf(const std::filesystem::path& work_dir, const Clock& clock) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(work_dir, error);
  HostFacts facts{.time = clock.Now()};
  if (!error) {
    facts.free_bytes = static_cast<int64_t>(space.available);
    facts.total_bytes = static_cast<int64_t>(space.capacity);
  }
  return facts;
}

}  // namespace

Worker::Call::Call(std::string_view name, uint64_t seed)
    : name(name), backoff(kFirstRetry, kLastRetry, seed) {}

void Worker::Call::Begin(absl::Duration now) {
  in_flight = true;
  sent_at = now;
}

void Worker::Call::Succeed() {
  in_flight = false;
  if (std::exchange(failing, false)) LogInfo("call works again", {{"call", name}});
  backoff.Reset();
}

void Worker::Call::Fail(absl::Duration now, const absl::Status& error, WorkerMetrics& metrics) {
  in_flight = false;
  not_before = now + backoff.Next();
  metrics.CallFailures(name).Increment();
  if (!std::exchange(failing, true)) {
    LogWarning("call failed; trying again", {{"call", name}, {"error", error.ToString()}});
  }
}

void Worker::AskToRegister() {
  if (!register_.Due(now()) || shutting_down_) return;
  register_.Begin(now());
  std::vector<FoundRun> found;
  for (const auto& [id, run] : runs_) {
    if (!run->over()) found.push_back(run->Describe());
  }
  client_.Register(introduction_, found,
                   [this](const absl::StatusOr<Registration>& answer) { OnRegistered(answer); });
}

void Worker::OnRefused(const absl::Status& status) {
  register_.not_before = now() + refused_pause_.Next();
  const std::string message(status.message());
  if (std::exchange(refusal_, message) != message) {
    LogError("refused by the controller: another live worker has this worker's id",
             {{"why", message}, {"id_file", (settings_.run.work_dir / kWorkerIdFile).string()}});
  }
}

void Worker::OnRegistered(const absl::StatusOr<Registration>& answer) {
  if (!answer.ok()) {
    register_.Fail(now(), answer.status(), metrics_);
    if (ReasonOf(answer.status()) == reason::kDuplicateWorker) OnRefused(answer.status());
    if (ReasonOf(answer.status()) == reason::kProtocolVersion && !shutting_down_) {
      fatal_ = answer.status();
      Shutdown();
    }
    return;
  }
  register_.Succeed();
  refusal_.clear();
  refused_pause_.Reset();
  registered_ = true;
  registration_ = *answer;
  carrier_.OnRegistered(caller(), registration_.artifacts);
  LogInfo("registered", {{"worker", registration_.worker_id},
                         {"lease_ttl_seconds", absl::ToDoubleSeconds(registration_.lease_ttl)},
                         {"answers", registration_.answers.size()}});
  for (const auto& [id, run] : runs_) {
    auto found = std::find_if(registration_.answers.begin(), registration_.answers.end(),
                              [&](const FoundAnswer& each) { return each.lease == run->lease(); });
    if (found == registration_.answers.end()) {
      run->Stop(StopReason::kFenced);  // the controller does not know it
    } else {
      run->Answered(*found, register_.sent_at, registration_.lease_ttl);
    }
  }
}

void Worker::AskForWork() {
  if (shutting_down_ || !host_.known() || !acquire_.Due(now())) return;
  acquire_.Begin(now());
  announced_ = problem();
  client_.Acquire(caller(), HeldLeases(), announced_, FactsOf(settings_.run.work_dir, clock_),
                  std::min(settings_.acquire_wait, settings_.exit_idle),
                  [this](const absl::StatusOr<Work>& answer) { OnWork(answer); });
}

void Worker::OnWork(const absl::StatusOr<Work>& answer) {
  if (shutting_down_) {
    acquire_.in_flight = false;
    return;
  }
  if (std::exchange(announce_, false) && absl::IsCancelled(answer.status())) {
    acquire_.in_flight = false;
    return;
  }
  if (!answer.ok()) {
    acquire_.Fail(now(), answer.status(), metrics_);
    if (VerdictOf(answer.status()) == Delivery::Verdict::kUnknownWorker) ForgetRegistration();
    return;
  }
  acquire_.Succeed();
  bool news = false;
  for (const Assignment& assignment : answer->assignments) news = Take(assignment) || news;
  for (const Held& lease : answer->stop) {
    if (Run* run = Find(lease)) run->Stop(StopReason::kRequested);
  }
  if (news || answer->assignments.empty()) untaken_pause_.Reset();
  const absl::Duration pause = answer->assignments.empty() ? kAcquirePause : untaken_pause_.Next();
  acquire_.not_before = news ? now() : std::max(now(), acquire_.sent_at + pause);
}

bool Worker::Take(const Assignment& assignment) {
  const std::string& id = assignment.lease.run_id;
  if (!IsRunId(id)) {
    LogError("assignment refused: no run id", {{"run", id}});
    return false;
  }
  auto found = runs_.find(id);
  if (found != runs_.end()) {
    if (found->second->lease().attempt >= assignment.lease.attempt) return false;
    // Never two trainers of one run: the earlier attempt ends first.
    found->second->Stop(StopReason::kFenced);
    successors_[id] = assignment;
    return true;
  }
  std::unique_ptr<Run> run = Run::Assigned(Context(), assignment);
  if (run == nullptr) return false;
  LogInfo("run assigned",
          {{"run", id}, {"attempt", assignment.lease.attempt}, {"next_seq", assignment.next_seq}});
  runs_.emplace(id, std::move(run));
  renew_now_ = true;
  return true;
}

void Worker::AskToRenew() {
  const bool due = now() >= renew_.sent_at + registration_.renew_interval || renew_now_;
  const std::vector<Held> held = HeldLeases();
  if (!due || held.empty() || !renew_.Due(now())) return;
  renew_now_ = false;
  renew_.Begin(now());
  const absl::Duration timeout = std::max(registration_.renew_interval, absl::Seconds(1));
  client_.RenewLeases(caller(), held, timeout,
                      [this](const absl::StatusOr<Renewal>& answer) { OnRenewed(answer); });
}

void Worker::OnRenewed(const absl::StatusOr<Renewal>& answer) {
  if (!answer.ok()) {
    renew_.Fail(now(), answer.status(), metrics_);
    renew_now_ = true;
    if (VerdictOf(answer.status()) == Delivery::Verdict::kUnknownWorker) ForgetRegistration();
    return;
  }
  renew_.Succeed();
  for (const Held& lease : answer->renewed) {
    if (Run* run = Find(lease)) run->Renewed(renew_.sent_at, registration_.lease_ttl);
  }
  for (const Held& lease : answer->lost) {
    auto next = successors_.find(lease.run_id);
    if (next != successors_.end() && next->second.lease == lease) successors_.erase(next);
    if (Run* run = Find(lease)) run->Lose();
  }
  for (const Held& lease : answer->stop) {
    if (Run* run = Find(lease)) run->Stop(StopReason::kRequested);
  }
}

void Worker::Report(Run& run) {
  const Held lease = run.lease();
  if (std::vector<spec::Event> events = run.NextEvents(); !events.empty()) {
    client_.ReportEvents(caller(), {.lease = lease, .events = std::move(events)},
                         [this, lease](const absl::StatusOr<int64_t>& answer) {
                           if (Run* run = Find(lease)) {
                             OnVerdict(run->OnEventsAnswer(answer), "report_events",
                                       answer.status());
                           }
                         });
  }
  if (const ExitReport* exit = run.NextExit()) {
    client_.ReportExit(caller(), lease, *exit, [this, lease](const absl::Status& answer) {
      if (Run* run = Find(lease)) OnVerdict(run->OnExitAnswer(answer), "report_exit", answer);
    });
  }
}

void Worker::OnVerdict(Delivery::Verdict verdict, std::string_view call,
                       const absl::Status& status) {
  if (status.ok()) return;
  metrics_.CallFailures(call).Increment();
  if (verdict == Delivery::Verdict::kUnknownWorker) ForgetRegistration();
}

void Worker::ForgetRegistration() {
  if (!std::exchange(registered_, false)) return;
  LogWarning("the controller does not know this worker; registering again");
}

}  // namespace fp4::worker
