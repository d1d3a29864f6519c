#include "server/store/worker_registry.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reasons.h"
#include "server/core/worker_claim.h"
#include "server/store/checkpoints.h"
#include "server/store/errors.h"
#include "server/store/json_columns.h"
#include "server/store/timing.h"

namespace fp4::store {
namespace {

// Of the incarnations that another one has taken over from, the newest.
constexpr size_t kMaxSuperseded = 16;

struct WorkerKey {
  int64_t row = 0;
  std::string id;
};

std::optional<WorkerKey> Find(Connection& connection, const char* sql, const std::string& value) {
  Query query(connection, sql, value);
  if (!query.Next()) return std::nullopt;
  return WorkerKey{query.Int(0), query.Text(1)};
}

bool HasLeaseOf(const Ledger& ledger, const std::string& worker_id, const core::FoundRun& found) {
  const auto run = ledger.state().runs.find(found.run_id);
  return run != ledger.state().runs.end() && run->second.lease &&
         run->second.lease->worker_id == worker_id && run->second.attempt == found.attempt;
}

// A worker of an earlier release had no id in its directory: after its upgrade it is known by its
// name, when it brings that one's runs, or when nobody else of that name is alive.
bool IsUpgradeOf(const Ledger& ledger, const std::string& worker_id,
                 const RegisterWorker& request) {
  return !IsLive(ledger, worker_id) ||
         std::ranges::any_of(request.found_runs, [&](const core::FoundRun& found) {
           return HasLeaseOf(ledger, worker_id, found);
         });
}

struct Holder {
  WorkerKey key;
  bool is_upgrade = false;
};

std::optional<Holder> FindHolder(Ledger& ledger, const RegisterWorker& request) {
  constexpr char kByName[] = "SELECT row, id FROM workers WHERE directory_id IS NULL AND name = ?";
  if (request.directory_id.empty()) {
    const auto key = Find(ledger.db(), kByName, request.name);
    return key ? std::optional(Holder{*key}) : std::nullopt;
  }
  if (const auto key = Find(ledger.db(), "SELECT row, id FROM workers WHERE directory_id = ?",
                            request.directory_id)) {
    return Holder{*key};
  }
  const auto key = Find(ledger.db(), kByName, request.name);
  if (!key || !IsUpgradeOf(ledger, key->id, request)) return std::nullopt;
  return Holder{*key, /*is_upgrade=*/true};
}

absl::Status Duplicate(Ledger& ledger, const std::string& id, const RegisterWorker& request) {
  const core::WorkerEntry& holder = ledger.state().workers.at(id);
  WorkerInfo& info = ledger.workers()[id];
  if (std::exchange(info.refused_incarnation, request.incarnation) != request.incarnation) {
    LogWarning("a second live worker of one id is refused",
               {{"worker", id},
                {"name", holder.name},
                {"host", holder.host},
                {"refused_name", request.name},
                {"refused_host", request.host},
                {"refused_incarnation", request.incarnation}});
  }
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition, reason::kDuplicateWorker,
      absl::StrCat("worker ", id, " (", holder.name, " on host ", holder.host,
                   ") has the id of this work directory and is at work: one directory is a copy of "
                   "the other. Remove the file worker-id in the copy to make that a worker of its "
                   "own; if the other has just ended, this one is taken within seconds"));
}

// What the holder's row says of incarnations once `request` has taken over from it.
absl::StatusOr<std::vector<std::string>> TakeOver(Ledger& ledger, const Holder& holder,
                                                  const RegisterWorker& request) {
  const auto worker = ledger.state().workers.find(holder.key.id);
  if (worker == ledger.state().workers.end()) return std::vector<std::string>{};  // forgotten
  std::vector<std::string> superseded = ledger.workers()[holder.key.id].superseded;
  const core::Claim claim = holder.is_upgrade
                                ? core::Claim::kSuccessor
                                : core::JudgeClaim({.incarnation = worker->second.incarnation,
                                                    .place = ledger.workers()[holder.key.id].place,
                                                    .superseded = superseded,
                                                    .live = IsLive(ledger, holder.key.id)},
                                                   {request.incarnation, request.place});
  if (claim == core::Claim::kDuplicate) return Duplicate(ledger, holder.key.id, request);
  if (claim == core::Claim::kSuccessor) superseded.push_back(worker->second.incarnation);
  if (superseded.size() > kMaxSuperseded) superseded.erase(superseded.begin());
  return superseded;
}

std::optional<std::string> DirectoryId(const RegisterWorker& request) {
  return request.directory_id.empty() ? std::nullopt : std::optional(request.directory_id);
}

WorkerKey Insert(Ledger& ledger, const RegisterWorker& request) {
  std::string id;
  do {
    id = ledger.ids().NewId();
  } while (Find(ledger.db(), "SELECT row, id FROM workers WHERE id = ?", id));
  const int64_t now_ms = ToMillis(ledger.now());
  Query(ledger.Writing(),
        "INSERT INTO workers (id, directory_id, name, host, version, incarnation, slots, "
        "registered_ms, seen_ms) VALUES (?, ?, ?, ?, ?, ?, '[]', ?, ?)",
        id, DirectoryId(request), request.name, request.host, request.version, request.incarnation,
        now_ms, now_ms)
      .Run();
  return {ledger.db().LastRow(), id};
}

void Update(Ledger& ledger, int64_t row, const RegisterWorker& request,
            const std::vector<std::string>& superseded, const std::string& owner) {
  const int64_t now_ms = ToMillis(ledger.now());
  Query(
      ledger.Writing(),
      "UPDATE workers SET directory_id = ?, name = ?, host = ?, version = ?, incarnation = ?, "
      "place = ?, superseded = ?, slots = ?, registered_ms = ?, seen_ms = ?, forgotten_ms = NULL, "
      "owner = ? "
      "WHERE row = ?",
      DirectoryId(request), request.name, request.host, request.version, request.incarnation,
      request.place, FormatStrings(superseded), FormatSlots(request.slots), now_ms, now_ms, owner,
      row)
      .Run();
}

bool HasLease(const Ledger& ledger, const std::string& worker_id) {
  return std::ranges::any_of(ledger.state().index.leased, [&](const std::string& run) {
    return ledger.state().runs.at(run).lease->worker_id == worker_id;
  });
}

void Forget(Ledger& ledger, const std::string& id) {
  const int64_t row = ledger.workers().at(id).row;
  LogInfo("worker forgotten", {{"worker", id}, {"name", ledger.state().workers.at(id).name}});
  ForgetOnWorker(ledger, row);
  Query(ledger.Writing(), "UPDATE workers SET forgotten_ms = ?, drain = '' WHERE row = ?",
        ToMillis(ledger.now()), row)
      .Run();
  // One without attempts names nothing.
  Query(ledger.Writing(),
        "DELETE FROM workers WHERE row = ? AND row NOT IN (SELECT worker FROM attempts)", row)
      .Run();
  ledger.state().workers.erase(id);
  ledger.workers().erase(id);
}

// Those whose id begins with `text`, or whose id or name it is.
absl::StatusOr<std::string> TheWorker(const Ledger& ledger, const std::string& text) {
  const auto& workers = ledger.state().workers;
  if (workers.contains(text)) return text;
  std::set<std::string> fitting;
  for (const auto& [id, worker] : workers) {
    if ((!text.empty() && id.starts_with(text)) || worker.name == text) fitting.insert(id);
  }
  if (fitting.empty()) return NotFoundError("worker", text);
  if (fitting.size() > 1) return AmbiguousIdError("worker", text);
  return *fitting.begin();
}

absl::Status InUse(const std::string& id, std::string_view why) {
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kWorkerInUse,
                         absl::StrCat("worker ", id, " ", std::string(why)));
}

absl::Status NotTheirs(const std::string& worker_id, const std::string& caller) {
  return ErrorWithReason(
      absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
      absl::StrCat("worker '", worker_id, "' is not one of the identity '", caller, "'"));
}

// The identity that the worker has from now on.
absl::StatusOr<std::string> OwnerAfter(Ledger& ledger, const WorkerKey& key,
                                       const RegisterWorker& request) {
  Query query(ledger.db(), "SELECT owner FROM workers WHERE row = ?", key.row);
  const std::string owner = query.Next() ? query.Text(0) : "";
  if (request.caller.empty()) return owner;
  if (!owner.empty() && owner != request.caller) return NotTheirs(key.id, request.caller);
  return request.caller;
}

}  // namespace

absl::StatusOr<std::string> EnterWorker(Ledger& ledger, const RegisterWorker& request) {
  WorkerKey key;
  std::vector<std::string> superseded;
  if (const std::optional<Holder> holder = FindHolder(ledger, request)) {
    const absl::StatusOr<std::string> owner = OwnerAfter(ledger, holder->key, request);
    if (!owner.ok()) return owner.status();
    absl::StatusOr<std::vector<std::string>> taken = TakeOver(ledger, *holder, request);
    if (!taken.ok()) return taken.status();
    superseded = *std::move(taken);
    key = holder->key;
  } else {
    key = Insert(ledger, request);
  }
  const absl::StatusOr<std::string> owner = OwnerAfter(ledger, key, request);
  if (!owner.ok()) return owner.status();
  Update(ledger, key.row, request, superseded, *owner);
  core::WorkerEntry& worker = ledger.state().workers[key.id];
  const bool is_new_process = worker.incarnation != request.incarnation;
  worker = {.name = request.name,
            .host = request.host,
            .version = request.version,
            .incarnation = request.incarnation,
            .slots = request.slots,
            .polling = false,
            .last_heard = ledger.since_boot(),
            .standing = is_new_process ? core::WorkerStanding{} : worker.standing,
            .drain = worker.drain};
  ledger.workers()[key.id] = {.row = key.row,
                              .last_seen = ledger.since_boot(),
                              .last_seen_time = ledger.now(),
                              .saved_seen_time = ledger.now(),
                              .place = request.place,
                              .owner = *owner,
                              .superseded = std::move(superseded)};
  return key.id;
}

absl::Status CheckOwner(const Ledger& ledger, const std::string& worker_id,
                        const std::string& caller) {
  if (caller.empty()) return absl::OkStatus();
  const auto info = ledger.workers().find(worker_id);
  if (info == ledger.workers().end()) return NotTheirs(worker_id, caller);
  if (info->second.owner == caller) return absl::OkStatus();
  if (!info->second.owner.empty()) return NotTheirs(worker_id, caller);
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kUnknownWorker,
                         absl::StrCat("worker '", worker_id,
                                      "' registered without an identity and must register again"));
}

bool IsLive(const Ledger& ledger, const std::string& worker_id) {
  const auto worker = ledger.state().workers.find(worker_id);
  const auto info = ledger.workers().find(worker_id);
  if (worker == ledger.state().workers.end() || info == ledger.workers().end()) return false;
  const absl::Duration last = std::max(info->second.last_seen, info->second.last_answered);
  return worker->second.polling || ledger.since_boot() - last < kLiveFor ||
         ledger.since_boot() < info->second.presumed_live_until;
}

absl::StatusOr<std::string> ForgetWorker(Ledger& ledger, const std::string& id) {
  absl::StatusOr<std::string> worker = TheWorker(ledger, id);
  if (!worker.ok()) return worker.status();
  if (IsLive(ledger, *worker)) return InUse(*worker, "is connected: stop it first");
  if (HasLease(ledger, *worker)) return InUse(*worker, "still has a run: its lease must end first");
  Forget(ledger, *worker);
  return worker;
}

absl::StatusOr<std::string> DrainWorker(Ledger& ledger, const DrainWorkerRequest& request) {
  absl::StatusOr<std::string> worker = TheWorker(ledger, request.id);
  if (!worker.ok()) return worker.status();
  core::WorkerEntry& entry = ledger.state().workers.at(*worker);
  if (entry.drain == request.drain) return worker;
  Query(ledger.Writing(), "UPDATE workers SET drain = ? WHERE row = ?", DrainName(request.drain),
        ledger.workers().at(*worker).row)
      .Run();
  LogInfo(request.drain == core::Drain::kNone ? "worker enabled" : "worker drained",
          {{"worker", *worker}, {"name", entry.name}, {"now", request.drain == core::Drain::kNow}});
  entry.drain = request.drain;
  return worker;
}

void ForgetSilentWorkers(Ledger& ledger) {
  if (!ledger.IsDue(ledger.next_look_at_workers(), kLookAtWorkers)) return;
  std::vector<std::string> silent;
  for (const auto& [id, info] : ledger.workers()) {
    if (ledger.now() - info.last_seen_time > kForgetAfter && !IsLive(ledger, id)) {
      silent.push_back(id);
    }
  }
  for (const std::string& id : silent) {
    if (!HasLease(ledger, id)) Forget(ledger, id);
  }
}

void SaveSightings(Ledger& ledger, bool now) {
  const auto is_due = [&](const auto& entry) {
    const absl::Duration unsaved = entry.second.last_seen_time - entry.second.saved_seen_time;
    return unsaved > (now ? absl::ZeroDuration() : kSaveSightings);
  };
  if (std::ranges::none_of(ledger.workers(), is_due)) return;
  for (auto& [id, info] : ledger.workers()) {
    if (info.last_seen_time == info.saved_seen_time) continue;
    Query(ledger.Writing(), "UPDATE workers SET seen_ms = ? WHERE row = ?",
          ToMillis(info.last_seen_time), info.row)
        .Run();
    info.saved_seen_time = info.last_seen_time;
  }
}

}  // namespace fp4::store
