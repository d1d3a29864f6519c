#include "server/store/attempts.h"

#include <algorithm>

#include "base/log.h"
#include "base/reasons.h"
#include "base/trainer_exit.h"
#include "server/core/machine_choices.h"
#include "server/store/json_columns.h"

namespace fp4::store {
namespace {

using core::RunState;

// What the whole experiment computes with is settled by its first assignment.
void ChooseMachine(Ledger& ledger, const RunInfo& info, const core::AssignRun& action) {
  std::vector<core::Slot> slots;
  for (const core::Slot& slot : ledger.state().workers.at(action.worker_id).slots) {
    if (std::ranges::count(action.slots, slot.index) > 0) slots.push_back(slot);
  }
  const core::MachineChoices choices = core::ChooseFrom(slots);
  Query(ledger.Writing(),
        "UPDATE experiments SET compute_dtype = ?, cpu_threads = ? "
        "WHERE row = ? AND compute_dtype IS NULL",
        ComputeDtypeName(choices.compute_dtype), choices.cpu_threads, info.experiment_row)
      .Run();
}

std::string WorkerName(Ledger& ledger, const core::RunEntry& run) {
  auto worker = ledger.state().workers.find(run.last_worker_id);
  return worker == ledger.state().workers.end() ? "" : worker->second.name;
}

void Conclude(Ledger& ledger, const std::string& run_id, const core::Verdict& verdict) {
  const core::RunEntry& run = *ledger.FindRun(run_id);
  auto worker = ledger.state().workers.find(run.last_worker_id);
  if (worker != ledger.state().workers.end()) {
    core::NoteEnd(worker->second.standing, run_id, run, verdict, ledger.since_boot());
  }
  core::RunEntry next = core::AfterVerdict(run, verdict, ledger.since_boot());
  StateChange change{.state = verdict.next,
                     .reason = verdict.reason,
                     .message = verdict.message,
                     .worker = WorkerName(ledger, next)};
  ledger.ChangeRun(run_id, std::move(next), std::move(change));
}

struct AttemptEnd {
  std::string_view cause;
  std::optional<int32_t> exit_code = {}, signal = {};
  std::string message = "", stderr_tail = "";
};

void EndAttempt(Ledger& ledger, const std::string& run_id, const AttemptEnd& end) {
  Query(ledger.Writing(),
        "UPDATE attempts SET ended_ms = ?, end_cause = ?, exit_code = ?, signal = ?, message = ?, "
        "stderr_tail = ? WHERE run = ? AND attempt = ? AND ended_ms IS NULL",
        ToMillis(ledger.now()), end.cause, end.exit_code, end.signal, end.message, end.stderr_tail,
        ledger.Info(run_id).row, ledger.FindRun(run_id)->attempt)
      .Run();
}

void KeepLastWords(Ledger& ledger, const std::string& run_id, const std::string& stderr_tail) {
  const spec::Event words{.seq = 0,
                          .time = ledger.now(),
                          .attempt = ledger.FindRun(run_id)->attempt,
                          .kind = spec::LogEvent{"error", stderr_tail}};
  RunInfo& info = ledger.Info(run_id);
  ledger.AppendEvent(
      StoreEvent(ledger.Writing(), info.series, info.row, ledger.NextCursor(), words));
}

bool EndedByItself(const core::Exit& exit) {
  return exit.cause == core::ExitCause::kExited &&
         (exit.exit_code == kExitCompleted || exit.exit_code == kExitStopped);
}

}  // namespace

void Assign(Ledger& ledger, const core::AssignRun& action) {
  const RunInfo& info = ledger.Info(action.run_id);
  ChooseMachine(ledger, info, action);
  core::RunEntry next = *ledger.FindRun(action.run_id);
  next.state = RunState::kAssigned;
  next.attempt = action.attempt;
  next.last_worker_id = action.worker_id;
  next.not_before = -absl::InfiniteDuration();
  next.progressed = false;
  next.lease = core::Lease{.worker_id = action.worker_id,
                           .slots = action.slots,
                           .expires = ledger.since_boot() + ledger.timing().lease_ttl,
                           .stop_told = false,
                           .since = ledger.since_boot()};
  StateChange change{
      .state = next.state, .reason = "", .message = "", .worker = WorkerName(ledger, next)};
  const absl::Duration waited = ledger.now() - FromMillis(info.queued_ms);
  ledger.ChangeRun(action.run_id, std::move(next), std::move(change));
  Query(ledger.Writing(),
        "INSERT INTO attempts (run, attempt, worker, slots, assigned_ms) VALUES (?, ?, ?, ?, ?)",
        info.row, action.attempt, ledger.workers().at(action.worker_id).row,
        FormatIntegers(action.slots), ToMillis(ledger.now()))
      .Run();
  ledger.CountQueueWait(std::max(waited, absl::ZeroDuration()));
}

void Expire(Ledger& ledger, const core::ExpireLease& action) {
  EndAttempt(ledger, action.run_id, {.cause = "expired"});
  Conclude(ledger, action.run_id, action.verdict);
  ledger.CountExpiredLease();
}

void End(Ledger& ledger, const std::string& run_id, const core::Exit& exit) {
  AttemptEnd end{
      .cause = ExitCauseName(exit.cause), .message = exit.message, .stderr_tail = exit.stderr_tail};
  if (exit.cause == core::ExitCause::kExited) end.exit_code = exit.exit_code;
  if (exit.cause == core::ExitCause::kSignaled) end.signal = exit.signal;
  EndAttempt(ledger, run_id, end);
  if (!exit.stderr_tail.empty() && !EndedByItself(exit)) {
    KeepLastWords(ledger, run_id, exit.stderr_tail);
  }
  Conclude(ledger, run_id, core::JudgeExit(*ledger.FindRun(run_id), exit));
}

void Preempt(Ledger& ledger, const core::PreemptRun& action) {
  ledger.state().runs.at(action.run_id).lease->preempted = true;
  Query(ledger.Writing(), "UPDATE attempts SET stop_reason = ? WHERE run = ? AND attempt = ?",
        reason::kPreempted, ledger.Info(action.run_id).row, action.attempt)
      .Run();
  LogInfo("run preempted",
          {{"run", action.run_id}, {"attempt", action.attempt}, {"by", action.by_run_id}});
}

void EndUntaken(Ledger& ledger, const std::string& run_id) {
  EndAttempt(ledger, run_id, {.cause = "not_taken"});
  Conclude(ledger, run_id, core::JudgeUntaken(*ledger.FindRun(run_id)));
}

}  // namespace fp4::store
