#include "server/store/ledger.h"

#include <algorithm>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/fault_points.h"
#include "base/log.h"

namespace fp4::store {

void Ledger::StartBatch() {
  now_ = clock_.Now();
  since_boot_ = clock_.SinceBoot();
  effects_ = {};
}

Connection& Ledger::Writing() {
  if (!in_transaction_) {
    connection_.Execute("BEGIN IMMEDIATE");
    in_transaction_ = true;
  }
  return connection_;
}

bool Ledger::Commit() {
  const bool wrote = in_transaction_;
  if (in_transaction_) {
    if (cursor_ != stored_cursor_) {
      Query(connection_, "UPDATE counters SET value = ? WHERE name = 'cursor'", cursor_).Run();
    }
    DieAt(FaultPoint::kStoreBeforeCommit);
    if (FaultFires(FaultPoint::kStoreSlowCommit)) absl::SleepFor(absl::Seconds(4));
    connection_.Execute("COMMIT");
    DieAt(FaultPoint::kStoreAfterCommit);
    in_transaction_ = false;
    stored_cursor_ = cursor_;
  }
  ForgetFinishedRuns();
  return wrote;
}

void Ledger::Rollback() {
  // After some errors SQLite has rolled back by itself.
  if (connection_.InTransaction()) connection_.Execute("ROLLBACK");
  in_transaction_ = false;
}

void Ledger::ForgetFinishedRuns() {
  for (const std::string& id : maybe_finished_) {
    const auto run = state_.runs.find(id);
    if (run == state_.runs.end() || !core::IsFinished(run->second.state)) continue;
    state_.runs.erase(run);
    infos_.erase(id);
  }
  maybe_finished_.clear();
}

core::RunEntry* Ledger::FindRun(const std::string& id) {
  auto found = state_.runs.find(id);
  if (found == state_.runs.end() && LoadFinishedRun(id)) found = state_.runs.find(id);
  return found == state_.runs.end() ? nullptr : &found->second;
}

void Ledger::AddRun(const std::string& id, core::RunEntry entry, RunInfo info) {
  const StateChange change{.state = entry.state, .reason = "", .message = "", .worker = ""};
  AppendEvent(MakeStateRow(info.row, NextCursor(), entry.attempt, now_, change));
  ++counts_[entry.state];
  state_.index.Add(id, entry);
  state_.runs.emplace(id, std::move(entry));
  infos_.emplace(id, std::move(info));
}

void Ledger::ChangeRun(const std::string& id, core::RunEntry next, StateChange change) {
  core::RunEntry& entry = state_.runs.at(id);
  RunInfo& info = infos_.at(id);
  if (!core::IsLegal(entry.state, next.state)) {
    throw std::logic_error(absl::StrCat("run ", id, ": no transition from ",
                                        std::string(core::RunStateName(entry.state)), " to ",
                                        std::string(core::RunStateName(next.state))));
  }
  const int64_t now_ms = ToMillis(now_);
  if (next.state == core::RunState::kQueued) info.queued_ms = now_ms;
  const bool starts = next.state == core::RunState::kAssigned;
  const bool ends = core::IsFinished(next.state);
  Query(Writing(),
        "UPDATE runs SET state = ?, reason = ?, message = ?, attempt = ?, num_restarts = ?, "
        "num_fruitless = ?, queued_ms = ?, started_ms = COALESCE(started_ms, ?), finished_ms = ? "
        "WHERE row = ? AND state = ? AND attempt = ?",
        core::RunStateName(next.state), change.reason, change.message, next.attempt,
        next.num_restarts, next.num_fruitless, info.queued_ms,
        starts ? std::optional(now_ms) : std::nullopt, ends ? std::optional(now_ms) : std::nullopt,
        info.row, core::RunStateName(entry.state), entry.attempt)
      .Run();
  if (connection_.Changes() != 1) {
    throw std::logic_error(absl::StrCat("run ", id, ": the database holds another state"));
  }
  change.state = next.state;
  AppendEvent(MakeStateRow(info.row, NextCursor(), next.attempt, now_, change));
  --counts_[entry.state];
  ++counts_[next.state];
  effects_.transitions.emplace_back(entry.state, next.state);
  if (ends) maybe_finished_.push_back(id);
  if (ends && info.trial) ended_trials_.push_back(id);
  state_.index.Remove(id, entry);
  entry = std::move(next);
  state_.index.Add(id, entry);
}

void Ledger::AppendEvent(const EventRow& row) {
  InsertEvent(Writing(), row);
  ++effects_.num_events;
}

void Ledger::StoreTrainerEvent(const std::string& run_id, const spec::Event& event) {
  RunInfo& info = infos_.at(run_id);
  info.last_seq = event.seq;
  if (const auto* unknown = std::get_if<spec::UnknownEvent>(&event.kind);
      unknown != nullptr && unknown->type.empty()) {
    LogWarning("event passed over: its kind is not known here",
               {{"run", run_id}, {"attempt", event.attempt}, {"seq", event.seq}});
    return;
  }
  AppendEvent(StoreEvent(Writing(), info.series, info.row, NextCursor(), event));
  if (const auto* metrics = std::get_if<spec::MetricsEvent>(&event.kind)) {
    effects_.num_points += metrics->values.size();
    info.step = std::max(info.step, metrics->step);
  }
  if (const auto* health = std::get_if<spec::HealthEvent>(&event.kind)) {
    effects_.findings.push_back(health->code);
  }
}

}  // namespace fp4::store
