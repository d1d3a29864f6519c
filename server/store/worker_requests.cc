#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/core/placement.h"
#include "server/store/attempts.h"
#include "server/store/handlers.h"
#include "server/store/json_columns.h"
#include "server/store/timing.h"
#include "server/store/worker_registry.h"

namespace fp4::store {
namespace {

using core::RunState;

absl::Status InvalidSlot(const core::Slot& slot, const std::string& problem) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
                         absl::StrCat("slots: slot ", slot.index, ": ", problem));
}

absl::Status CheckSlots(const std::vector<core::Slot>& slots) {
  std::set<int32_t> seen;
  for (const core::Slot& slot : slots) {
    if (slot.index < 0) return InvalidSlot(slot, "index is negative");
    if (slot.cpu_threads < 0) {
      return InvalidSlot(slot, absl::StrCat("cpu_threads is ", slot.cpu_threads));
    }
    if (slot.memory_bytes < 0) {
      return InvalidSlot(slot, absl::StrCat("memory_bytes is ", slot.memory_bytes));
    }
    if (!seen.insert(slot.index).second) return InvalidSlot(slot, "the index stands there twice");
  }
  return absl::OkStatus();
}

// Its trainers are gone without a trace. One that has not reported yet may never have been started:
// its assignment is delivered again.
void EndRunsNotFound(Ledger& ledger, const std::string& worker_id,
                     const std::vector<core::FoundRun>& found) {
  std::vector<std::string> gone;
  for (const std::string& id : ledger.state().index.leased) {
    const core::RunEntry& run = ledger.state().runs.at(id);
    if (run.lease->worker_id != worker_id || run.state == RunState::kAssigned) continue;
    const bool is_found = std::ranges::any_of(
        found, [&](const core::FoundRun& f) { return f.run_id == id && f.attempt == run.attempt; });
    if (!is_found) gone.push_back(id);
  }
  for (const std::string& id : gone) {
    End(ledger, id,
        {.cause = core::ExitCause::kLost,
         .message = "its run directory is gone",
         .stderr_tail = ""});
  }
}

FoundAnswer AnswerFound(Ledger& ledger, const std::string& worker_id, const core::FoundRun& found) {
  FoundAnswer answer{.held = {found.run_id, found.attempt}};
  core::RunEntry* run = ledger.FindRun(found.run_id);
  std::optional<core::KnownRun> known;
  if (run != nullptr) {
    known = {.state = run->state,
             .attempt = run->attempt,
             .lease_worker_id = run->lease ? run->lease->worker_id : "",
             .last_seq = ledger.Info(found.run_id).last_seq};
    answer.next_seq = core::NextSeqFor(found, *known);
  }
  answer.action = core::JudgeFound(found, known, worker_id);
  if (known && core::AwaitsDelivery(found, *known)) {
    run->not_before = ledger.since_boot() + kDeliveryPatience;
    ledger.Info(found.run_id).awaited_seq =
        found.alive ? std::numeric_limits<int64_t>::max() : found.last_seq;
  }
  if (answer.action == core::FoundAction::kKeep) {
    run->lease->expires = ledger.since_boot() + ledger.timing().lease_ttl;
    run->lease->stop_told = false;
  }
  return answer;
}

}  // namespace

absl::StatusOr<core::WorkerEntry*> CheckWorker(Ledger& ledger, const std::string& worker_id,
                                               const std::string& incarnation,
                                               const std::string& caller) {
  auto worker = ledger.state().workers.find(worker_id);
  if (worker == ledger.state().workers.end() || worker->second.incarnation != incarnation) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kUnknownWorker,
                           absl::StrCat("no worker '", worker_id,
                                        "' is registered as incarnation '", incarnation, "'"));
  }
  FP4_RETURN_IF_ERROR(CheckOwner(ledger, worker_id, caller));
  WorkerInfo& info = ledger.workers()[worker_id];
  info.last_seen = ledger.since_boot();
  info.last_seen_time = ledger.now();
  worker->second.last_heard = ledger.since_boot();
  return &worker->second;
}

absl::StatusOr<RegisteredWorker> Handle(Ledger& ledger, const RegisterWorker& request) {
  FP4_RETURN_IF_ERROR(CheckSlots(request.slots));
  RegisteredWorker reply;
  FP4_ASSIGN_OR_RETURN(reply.worker_id, EnterWorker(ledger, request));
  reply.lease_ttl = ledger.timing().lease_ttl;
  reply.renew_interval = RenewInterval(reply.lease_ttl);
  EndRunsNotFound(ledger, reply.worker_id, request.found_runs);
  for (const core::FoundRun& found : request.found_runs) {
    reply.answers.push_back(AnswerFound(ledger, reply.worker_id, found));
  }
  return reply;
}

absl::StatusOr<RenewedLeases> Handle(Ledger& ledger, const RenewLeases& request) {
  FP4_RETURN_IF_ERROR(
      CheckWorker(ledger, request.worker_id, request.incarnation, request.caller).status());
  RenewedLeases reply;
  for (const Held& held : request.held) {
    auto run = ledger.state().runs.find(held.run_id);
    if (run == ledger.state().runs.end() || run->second.attempt != held.attempt ||
        !run->second.lease || run->second.lease->worker_id != request.worker_id) {
      reply.lost.push_back(held);
      continue;
    }
    run->second.lease->expires = ledger.since_boot() + ledger.timing().lease_ttl;
    reply.renewed.push_back(held);
    if (core::MustStop(run->second, ledger.state())) reply.stop.push_back(held);
  }
  return reply;
}

absl::StatusOr<WorkerRecord> Handle(Ledger& ledger, const ForgetWorkerRequest& request) {
  const std::vector<WorkerRecord> before = ListWorkers(ledger);
  FP4_ASSIGN_OR_RETURN(const std::string id, ForgetWorker(ledger, request.id));
  return *std::ranges::find(before, id, &WorkerRecord::id);
}

absl::StatusOr<WorkerRecord> Handle(Ledger& ledger, const DrainWorkerRequest& request) {
  FP4_ASSIGN_OR_RETURN(const std::string id, DrainWorker(ledger, request));
  const std::vector<WorkerRecord> all = ListWorkers(ledger);
  return *std::ranges::find(all, id, &WorkerRecord::id);
}

std::vector<WorkerRecord> ListWorkers(Ledger& ledger) {
  std::map<std::string, WorkerRecord> records;
  for (const auto& [id, worker] : ledger.state().workers) {
    const WorkerInfo& info = ledger.workers()[id];
    const absl::Duration silence = ledger.since_boot() - info.last_seen;
    records[id] = {.id = id,
                   .name = worker.name,
                   .host = worker.host,
                   .version = worker.version,
                   .slots = worker.slots,
                   .run_of_slot = {},
                   .connected = worker.polling || silence < MaxSilence(ledger.timing().lease_ttl),
                   .problem = "",
                   .drain = worker.drain,
                   .host_facts = info.host_facts,
                   .last_seen = info.last_seen_time};
    if (records[id].connected) {
      records[id].problem = core::WhyNoWork(worker, ledger.since_boot());
    }
  }
  for (const std::string& id : ledger.state().index.leased) {
    const core::RunEntry& run = ledger.state().runs.at(id);
    for (int32_t slot : run.lease->slots) records[run.lease->worker_id].run_of_slot[slot] = id;
  }
  std::vector<WorkerRecord> list;
  list.reserve(records.size());
  for (auto& [id, record] : records) list.push_back(std::move(record));
  return list;
}

}  // namespace fp4::store
