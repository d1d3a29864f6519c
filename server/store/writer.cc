#include "server/store/writer.h"

#include <exception>
#include <utility>

#include "base/fault_points.h"
#include "base/log.h"
#include "server/store/attempts.h"
#include "server/store/errors.h"
#include "server/store/purge.h"
#include "server/store/searches.h"
#include "server/store/worker_registry.h"

namespace fp4::store {
namespace {

// More than that is left for the next transaction, so that none takes long.
constexpr size_t kMaxBatch = 256;

// Without a write for so long the database is probed.
constexpr absl::Duration kProbeInterval = absl::Seconds(30);
// While it cannot be written: between two tries.
constexpr absl::Duration kRecoveryInterval = absl::Seconds(1);

// The mistake that FaultPoint::kStoreAcknowledgeEarly plants.
void AnswerBeforeCommit(std::vector<Writer::Job>& jobs) {
  for (Writer::Job& job : jobs) {
    job.finish(absl::OkStatus());
    job.finish = [](const absl::Status&) {};
  }
}

StoreObserver& NobodyObserves() {
  static StoreObserver observer;
  return observer;
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, const WriterOptions& options,
               const Clock& clock, IdSource& ids, StoreObserver* observer,
               std::shared_ptr<Subscriptions> subscriptions)
    : connection_(std::move(connection)),
      options_(options),
      clock_(clock),
      observer_(observer == nullptr ? NobodyObserves() : *observer),
      subscriptions_(std::move(subscriptions)),
      ledger_(*connection_, clock, ids, options.timing, options.policy) {
  connection_->Probe();
  next_probe_ = clock_.SinceBoot() + kProbeInterval;
  ledger_.Load();
  counts_ = ledger_.counts();
  thread_ = std::thread([this] { Loop(); });
}

Writer::~Writer() { Close(); }

void Writer::Close() {
  if (!thread_.joinable()) return;
  std::vector<Job> left;
  {
    MutexLock lock(mutex_);
    closing_ = true;
    left.swap(waiting_);
  }
  changed_.NotifyAll();
  thread_.join();
  for (Job& job : left) job.finish(ShuttingDownError());
  polls_.CloseAll(ShuttingDownError());
}

void Writer::Submit(Job job) {
  {
    MutexLock lock(mutex_);
    if (!closing_) {
      waiting_.push_back(std::move(job));
      changed_.NotifyOne();
      return;
    }
  }
  job.finish(ShuttingDownError());
}

bool Writer::WaitForJobs(std::vector<Job>& jobs) {
  MutexLock lock(mutex_);
  // A wake-up for nothing only means an early look at the leases.
  const bool may_wait = !may_have_deleted_ && ledger_.unfilled_searches().empty();
  if (waiting_.empty() && !closing_ && may_wait) changed_.WaitFor(lock, options_.tick);
  if (closing_) return false;
  if (waiting_.size() <= kMaxBatch) {
    jobs.swap(waiting_);
  } else {
    const auto end = waiting_.begin() + kMaxBatch;
    jobs.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  return true;
}

void Writer::Loop() {
  std::vector<Job> jobs;
  while (WaitForJobs(jobs)) {
    RunBatch(jobs);
    jobs.clear();
    Purge();
    KeepWatch();
  }
  SaveLastSightings();
}

void Writer::SaveLastSightings() {
  if (must_load_) return;
  try {
    ledger_.StartBatch();
    SaveSightings(ledger_, /*now=*/true);
    ledger_.Commit();
  } catch (const std::exception& error) {
    LogWarning("when workers were last seen is not stored", {{"error", error.what()}});
  }
}

void Writer::RunBatch(std::vector<Job>& jobs) {
  try {
    if (must_load_) {
      ledger_.Load();
      must_load_ = false;
    }
    RunTransaction(jobs);
  } catch (const std::exception& error) {
    Recover(jobs, StorageError(error));
  }
}

void Writer::KeepWatch() {
  if (clock_.SinceBoot() < next_probe_) return;
  try {
    if (!Health().ok()) connection_->Reopen();
    connection_->Probe();
    NoteWrite();
  } catch (const std::exception& error) {
    if (Health().ok()) LogError("the database cannot be written", {{"error", error.what()}});
    NoteFailure(StorageError(error));
  }
}

void Writer::NoteWrite() {
  next_probe_ = clock_.SinceBoot() + kProbeInterval;
  if (!Health().ok()) LogInfo("the database can be written again");
  SetHealth(absl::OkStatus());
}

void Writer::NoteFailure(const absl::Status& error) {
  next_probe_ = clock_.SinceBoot() + kRecoveryInterval;
  SetHealth(error);
}

void Writer::RunTransaction(std::vector<Job>& jobs) {
  ledger_.StartBatch();
  for (Job& job : jobs) job.act(ledger_, polls_);
  AdvanceSearches(ledger_);
  ForgetSilentWorkers(ledger_);
  SaveSightings(ledger_);
  ApplyDecisions();
  AdvanceSearches(ledger_);
  std::vector<Polls::Answer> answers = polls_.Collect(ledger_);
  if (FaultFires(FaultPoint::kStoreAcknowledgeEarly)) AnswerBeforeCommit(jobs);
  const bool wrote = ledger_.Commit();
  if (wrote) NoteWrite();
  // First, so that whoever has an answer finds counts and metrics that agree with it.
  Publish(jobs.size(), wrote, clock_.SinceBoot() - ledger_.since_boot());
  for (Job& job : jobs) job.finish(absl::OkStatus());
  polls_.Deliver(ledger_, std::move(answers));
  if (wrote) DieAt(FaultPoint::kStoreAfterReply);
}

// One request that the database will not take must not fail those that happened to come with it:
// each is tried again by itself.
void Writer::Recover(std::vector<Job>& jobs, const absl::Status& error) {
  LogError("transaction failed", {{"error", error.ToString()}, {"requests", jobs.size()}});
  must_load_ = true;
  NoteFailure(error);
  observer_.OnCommitFailed();
  try {
    ledger_.Rollback();
  } catch (const std::exception& failure) {
    LogError("rollback failed", {{"error", failure.what()}});
  }
  if (jobs.size() == 1) jobs.front().finish(error);
  if (jobs.size() <= 1) return;
  for (Job& job : jobs) {
    std::vector<Job> alone;
    alone.push_back(std::move(job));
    RunBatch(alone);
  }
}

void Writer::ApplyDecisions() {
  const absl::Duration start = clock_.SinceBoot();
  const std::vector<core::Action> actions =
      core::Decide(ledger_.state(), options_.timing, ledger_.since_boot());
  ledger_.state().last_decision = ledger_.since_boot();
  observer_.OnDecide(clock_.SinceBoot() - start);
  for (const core::Action& action : actions) Apply(action);
}

void Writer::Apply(const core::Action& action) {
  // One overload for each kind of action: a forgotten one does not compile.
  struct Applying {
    Ledger& ledger;
    void operator()(const core::AssignRun& assign) { Assign(ledger, assign); }
    void operator()(const core::ExpireLease& expire) { Expire(ledger, expire); }
    void operator()(const core::PreemptRun& preempt) { Preempt(ledger, preempt); }
    void operator()(const core::ExtendLeases& extend) {
      for (const std::string& id : ledger.state().index.leased) {
        ledger.state().runs.at(id).lease->expires = extend.expires;
      }
    }
  };
  std::visit(Applying{ledger_}, action);
}

void Writer::Publish(size_t num_requests, bool wrote, absl::Duration duration) {
  if (!wrote) return;
  const BatchEffects& effects = ledger_.effects();
  observer_.OnCommit(num_requests, duration);
  observer_.OnStored(effects.num_points, effects.num_events);
  for (const auto& [from, to] : effects.transitions) observer_.OnTransition(from, to);
  for (absl::Duration waited : effects.queue_waits) observer_.OnAssigned(waited);
  for (size_t i = 0; i < effects.num_leases_expired; ++i) observer_.OnLeaseExpired();
  for (const std::string& code : effects.findings) observer_.OnFinding(code);
  observer_.OnResumptions(effects.num_from_zero, effects.num_passed_over);
  may_have_deleted_ = true;
  {
    MutexLock lock(mutex_);
    counts_ = ledger_.counts();
  }
  if (effects.num_events > 0) subscriptions_->Notify(ledger_.cursor());
}

void Writer::Purge() {
  if (!may_have_deleted_ || must_load_) return;
  try {
    // Stays so after a failure: the next commit that succeeds looks again.
    may_have_deleted_ = false;
    if (!HasDeleted(*connection_)) return;
    ledger_.StartBatch();
    PurgeStep(ledger_.Writing());
    ledger_.Commit();
    may_have_deleted_ = true;
  } catch (const std::exception& error) {
    std::vector<Job> none;
    Recover(none, StorageError(error));
  }
}

std::map<core::RunState, int64_t> Writer::CountRuns() const {
  MutexLock lock(mutex_);
  return counts_;
}

absl::Status Writer::Health() const {
  MutexLock lock(mutex_);
  return health_;
}

void Writer::SetHealth(absl::Status status) {
  MutexLock lock(mutex_);
  health_ = std::move(status);
}

}  // namespace fp4::store
