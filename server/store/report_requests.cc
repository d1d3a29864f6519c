#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"
#include "server/core/started_facts.h"
#include "server/store/attempts.h"
#include "server/store/checkpoints.h"
#include "server/store/handlers.h"
#include "server/store/run_documents.h"
#include "server/store/searches.h"
#include "server/store/worker_registry.h"

namespace fp4::store {
namespace {

using core::RunState;

absl::Status StaleAttempt(const Held& held, int32_t current) {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kStaleAttempt,
                         absl::StrCat("run ", held.run_id, ": attempt ", held.attempt,
                                      " may not write; the run is at attempt ", current));
}

absl::Status InvalidEvent(const ReportEvents& request, const spec::Event& event,
                          std::string_view what) {
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
      absl::StrCat("run ", request.held.run_id, ", event ", event.seq, ": ", std::string(what)));
}

// The run, when `held` is its last attempt and no other worker has its lease.
absl::StatusOr<core::RunEntry*> CheckFence(Ledger& ledger, const std::string& worker_id,
                                           const Held& held, const std::string& caller) {
  core::RunEntry* run = ledger.FindRun(held.run_id);
  // A run that was deleted is as over as one that has a later attempt: its trainer shall end.
  if (run == nullptr) return StaleAttempt(held, 0);
  const bool leased_to_another = run->lease ? run->lease->worker_id != worker_id
                                            : !caller.empty() && run->last_worker_id != worker_id;
  if (FaultFires(FaultPoint::kStoreNoFence)) return run;
  if (run->attempt != held.attempt || leased_to_another) return StaleAttempt(held, run->attempt);
  return run;
}

// Each series costs a row and memory, whoever invents its name.
constexpr size_t kMaxMetricName = 200, kMaxValues = 20'000, kMaxSeries = 20'000;

std::string_view WhatIsWrong(const spec::StartedEvent& event) {
  const auto json = nlohmann::json::parse(event.json, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? "" : "`started` does not carry a JSON object";
}
std::string_view WhatIsWrong(const spec::MetricsEvent& event) {
  if (event.step < 0) return "the step is negative";
  for (const auto& [name, value] : event.values) {
    if (name.empty()) return "a metric has no name";
    if (name.size() > kMaxMetricName) return "the name of a metric has more than 200 bytes";
  }
  if (event.values.size() > kMaxValues) return "there are more than 20000 values";
  return "";
}
std::string_view WhatIsWrong(const spec::CheckpointEvent& event) {
  if (event.path.empty()) return "a checkpoint has no path";
  return event.step < 0 || event.bytes < 0 ? "a checkpoint's step or size is negative" : "";
}
std::string_view WhatIsWrong(const spec::HealthEvent& event) {
  return event.code.empty() ? "a health event has no code" : "";
}
std::string_view WhatIsWrong(const spec::LogEvent&) { return ""; }
std::string_view WhatIsWrong(const spec::PrecisionSwitchEvent& event) {
  if (event.step < 0) return "the step of a switch of precision is negative";
  return event.layer.empty() ? "a switch of precision has no layer" : "";
}
bool IsObject(const std::string& json) {
  return nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false).is_object();
}
std::string_view WhatIsWrong(const spec::SensitivityEvent& event) {
  if (event.step < 0) return "the step of scores is negative";
  return IsObject(event.json) ? "" : "scores do not carry a JSON object";
}
std::string_view WhatIsWrong(const spec::DecisionEvent& event) {
  if (event.step < 0) return "the step of a decision is negative";
  return IsObject(event.json) ? "" : "a decision does not carry a JSON object";
}
std::string_view WhatIsWrong(const spec::FinishedEvent& event) {
  return IsOutcome(event.status) ? ""
                                 : "the status of `finished` is none of completed, failed, stopped";
}

std::string_view WhatIsWrong(const spec::UnknownEvent& event) {
  const auto json = nlohmann::json::parse(event.json.empty() ? "{}" : event.json, nullptr,
                                          /*allow_exceptions=*/false);
  return json.is_object() ? "" : "an event of a kind not known here does not carry a JSON object";
}

absl::Status CheckEvents(const ReportEvents& request) {
  const spec::Event* previous = nullptr;
  for (const spec::Event& event : request.events) {
    if (event.seq < 1) return InvalidEvent(request, event, "seq counts from 1");
    if (previous != nullptr && event.seq != previous->seq + 1) {
      return InvalidEvent(request, event, absl::StrCat("does not follow ", previous->seq));
    }
    if (event.attempt < 1 || event.attempt > request.held.attempt) {
      return InvalidEvent(
          request, event,
          absl::StrCat("attempt ", event.attempt, " is not one of 1 to ", request.held.attempt));
    }
    const std::string_view wrong =
        std::visit([](const auto& kind) { return WhatIsWrong(kind); }, event.kind);
    if (!wrong.empty()) return InvalidEvent(request, event, wrong);
    previous = &event;
  }
  return absl::OkStatus();
}

// Counts the series that this controller has seen since its start.
absl::Status CheckNumSeries(const RunInfo& info, const ReportEvents& request) {
  std::set<std::string_view> added;
  for (const spec::Event& event : request.events) {
    const auto* metrics = std::get_if<spec::MetricsEvent>(&event.kind);
    if (metrics == nullptr) continue;
    for (const auto& [name, value] : metrics->values) {
      if (!info.series.contains(name)) added.insert(name);
    }
  }
  if (added.empty() || info.series.size() + added.size() <= kMaxSeries) return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
      absl::StrCat("run ", request.held.run_id, ": more than ", kMaxSeries, " metrics; '",
                   std::string(*added.begin()), "' is one too many"));
}

absl::Status CheckNoGap(const ReportEvents& request, int64_t expected) {
  if (request.events.empty() || request.events.front().seq <= expected) return absl::OkStatus();
  return ErrorWithReason(
      absl::StatusCode::kOutOfRange, reason::kSeqGap,
      absl::StrCat("run ", request.held.run_id, ": events start at ", request.events.front().seq,
                   ", ", expected, " is the next one missing"),
      {{"expected_seq", absl::StrCat(expected)}});
}

// Whether the event takes its run beyond all that is stored.
bool GoesFurther(Ledger& ledger, const RunInfo& info, const spec::Event& event) {
  if (const auto* metrics = std::get_if<spec::MetricsEvent>(&event.kind)) {
    return metrics->step > info.step;
  }
  const auto* checkpoint = std::get_if<spec::CheckpointEvent>(&event.kind);
  if (checkpoint == nullptr || checkpoint->step == 0) return false;
  Query as_far(ledger.db(),
               "SELECT 1 FROM events WHERE run = ? AND kind = 'checkpoint' AND kind <> 'metrics' "
               "AND step >= ? LIMIT 1",
               info.row, checkpoint->step);
  return !as_far.Next();
}

void NoteProgress(Ledger& ledger, const RunInfo& info, core::RunEntry& run,
                  const spec::Event& event) {
  if (run.progressed || event.attempt != run.attempt || !GoesFurther(ledger, info, event)) return;
  run.progressed = true;
  auto worker = ledger.state().workers.find(run.last_worker_id);
  if (worker != ledger.state().workers.end()) core::NoteProgress(worker->second.standing);
}

// What is to be said of where a later attempt begins.
core::ResumptionFinding JudgeStarted(Ledger& ledger, const RunInfo& info,
                                     const spec::StartedEvent& started) {
  const std::optional<int64_t> step = core::ReadStartedFacts(started.json).resumed_from_step;
  if (!step) return {};
  core::Beginning beginning{.resumed_from = *step,
                            .highest_step = info.step,
                            .checkpoint_step = std::nullopt,
                            .checkpoint_path = ""};
  for (const ToldCheckpoint& newest : NewestCheckpoints(ledger.db(), info.row, 1)) {
    beginning.checkpoint_step = newest.event.step;
    beginning.checkpoint_path = newest.event.path;
  }
  return core::JudgeBeginning(beginning);
}

void StoreEvent(Ledger& ledger, const ReportEvents& request, core::RunEntry& run,
                const spec::Event& event) {
  NoteProgress(ledger, ledger.Info(request.held.run_id), run, event);
  ledger.StoreTrainerEvent(request.held.run_id, event);
  const auto* metrics = std::get_if<spec::MetricsEvent>(&event.kind);
  if (metrics != nullptr && ledger.Info(request.held.run_id).trial) {
    NoteTrialReport(ledger, request.held.run_id, *metrics);
  }
  if (const auto* checkpoint = std::get_if<spec::CheckpointEvent>(&event.kind)) {
    NoteWritten(ledger, ledger.Info(request.held.run_id).row, request.worker_id, event.attempt,
                *checkpoint);
  }
  if (const auto* finished = std::get_if<spec::FinishedEvent>(&event.kind)) {
    run.finished = {event.attempt, finished->status, finished->reason};
  }
}

void SaveProgress(Ledger& ledger, const RunInfo& info, const core::RunEntry& run) {
  const auto& finished = run.finished;
  Query(ledger.Writing(),
        "UPDATE runs SET last_seq = ?, step = ?, finished_attempt = ?, finished_status = ?, "
        "finished_reason = ? WHERE row = ?",
        info.last_seq, info.step, finished ? std::optional(finished->attempt) : std::nullopt,
        finished ? std::optional(finished->status) : std::nullopt,
        finished ? std::optional(finished->reason) : std::nullopt, info.row)
      .Run();
}

void Change(Ledger& ledger, const std::string& run_id, RunState state, std::string reason,
            std::string message) {
  core::RunEntry next = *ledger.FindRun(run_id);
  next.state = state;
  auto worker = ledger.state().workers.find(next.last_worker_id);
  ledger.ChangeRun(run_id, std::move(next),
                   {.state = state,
                    .reason = std::move(reason),
                    .message = std::move(message),
                    .worker = worker == ledger.state().workers.end() ? "" : worker->second.name});
}

// What the stored events say about the run's state.
void FollowUp(Ledger& ledger, const std::string& run_id, bool attempt_reported,
              const core::ResumptionFinding& beginning) {
  const core::RunEntry& run = *ledger.FindRun(run_id);
  if (run.state == RunState::kAssigned && attempt_reported) {
    Change(ledger, run_id, RunState::kRunning, beginning.reason, beginning.message);
  } else if (run.state == RunState::kQueued && run.finished &&
             run.finished->status == outcome::kCompleted) {
    Change(ledger, run_id, RunState::kCompleted, "",
           "its log was delivered after its lease had ended");
  }
}

constexpr int64_t kWholeLog = std::numeric_limits<int64_t>::max();

void StopAwaiting(Ledger& ledger, const std::string& run_id, int64_t delivered_seq) {
  RunInfo& info = ledger.Info(run_id);
  if (!info.awaited_seq || delivered_seq < *info.awaited_seq) return;
  info.awaited_seq.reset();
  ledger.FindRun(run_id)->not_before = -absl::InfiniteDuration();
}

}  // namespace

absl::StatusOr<ReportedEvents> Handle(Ledger& ledger, const ReportEvents& request) {
  const Held& held = request.held;
  FP4_RETURN_IF_ERROR(CheckOwner(ledger, request.worker_id, request.caller));
  FP4_ASSIGN_OR_RETURN(core::RunEntry * run,
                       CheckFence(ledger, request.worker_id, held, request.caller));
  FP4_RETURN_IF_ERROR(CheckEvents(request));
  RunInfo& info = ledger.Info(held.run_id);
  FP4_RETURN_IF_ERROR(CheckNumSeries(info, request));
  FP4_RETURN_IF_ERROR(CheckNoGap(request, info.last_seq + 1));
  bool stored = false, attempt_reported = false;
  core::ResumptionFinding beginning;
  for (const spec::Event& event : request.events) {
    if (event.seq <= info.last_seq) continue;
    const auto* started = std::get_if<spec::StartedEvent>(&event.kind);
    if (started != nullptr && event.attempt == held.attempt && held.attempt > 1) {
      beginning = JudgeStarted(ledger, info, *started);
      ledger.CountResumption(beginning);
    }
    StoreEvent(ledger, request, *run, event);
    stored = true;
    attempt_reported |= event.attempt == held.attempt;
  }
  if (stored) {
    SaveProgress(ledger, info, *run);
    FollowUp(ledger, held.run_id, attempt_reported, beginning);
    const bool ended = run->finished && run->finished->attempt == held.attempt;
    StopAwaiting(ledger, held.run_id, ended ? kWholeLog : info.last_seq);
  }
  return ReportedEvents{.next_seq = info.last_seq + 1};
}

absl::StatusOr<Nothing> Handle(Ledger& ledger, const ReportExit& request) {
  const Held& held = request.held;
  FP4_RETURN_IF_ERROR(CheckOwner(ledger, request.worker_id, request.caller));
  Query reported(ledger.db(),
                 "SELECT 1 FROM attempts JOIN runs ON runs.row = attempts.run "
                 "WHERE runs.id = ? AND attempts.attempt = ? "
                 "AND end_cause NOT IN ('expired', 'not_taken')",
                 held.run_id, held.attempt);
  const bool repeated = reported.Next();
  absl::StatusOr<core::RunEntry*> run = CheckFence(ledger, request.worker_id, held, request.caller);
  if (!run.ok()) return repeated ? absl::StatusOr<Nothing>(Nothing{}) : run.status();
  if ((*run)->lease) {
    End(ledger, held.run_id, request.exit);
  } else {
    StopAwaiting(ledger, held.run_id, kWholeLog);
  }
  return Nothing{};
}

}  // namespace fp4::store
