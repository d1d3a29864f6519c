// What the writer reads from the database: at its start, after a failed transaction, and of runs
// that have finished.
#include "base/reasons.h"
#include "server/store/json_columns.h"
#include "server/store/ledger.h"
#include "server/store/timing.h"

namespace fp4::store {
namespace {

#define FP4_SELECT_RUNS                                                                           \
  "SELECT runs.id, experiments.id, runs.experiment, runs.row, runs.variant, state, attempt, "     \
  "num_restarts, last_seq, step, queued_ms, finished_attempt, finished_status, finished_reason, " \
  "gpus, min_gpu_memory_gib, priority, max_restarts, "                                            \
  "(SELECT workers.id FROM attempts JOIN workers ON workers.row = attempts.worker "               \
  " WHERE attempts.run = runs.row AND attempts.attempt = runs.attempt), "                         \
  "variants.cpu_threads, num_fruitless, runs.trial, runs.reason, runs.message, "                  \
  "variants.gpu_name, experiments.project, experiments.created_by "                               \
  "FROM runs JOIN experiments ON experiments.row = runs.experiment "                              \
  "JOIN variants ON variants.row = runs.variant WHERE experiments.deleted_ms IS NULL AND "

spec::ResourceSpec ReadResources(const Query& query) {
  spec::ResourceSpec resources;
  resources.gpus_auto = query.IsNull(14);
  resources.gpus = resources.gpus_auto ? 0 : query.Int(14);
  resources.min_gpu_memory_gib = query.Real(15);
  resources.priority = query.Int(16);
  resources.cpu_threads = query.Int(19);
  resources.gpu_name = query.Text(24);
  return resources;
}

core::RunEntry ReadEntry(const Query& query) {
  core::RunEntry entry;
  entry.experiment_id = query.Text(1);
  entry.project = query.Text(25);
  entry.created_by = query.Text(26);
  entry.experiment_order = query.Int(2);
  entry.order = query.Int(3);
  // The column's CHECK admits the states' names only.
  entry.state = core::RunStateFromName(query.Text(5)).value();
  entry.attempt = static_cast<int32_t>(query.Int(6));
  entry.num_restarts = static_cast<int32_t>(query.Int(7));
  if (!query.IsNull(11)) {
    entry.finished = {static_cast<int32_t>(query.Int(11)), query.Text(12), query.Text(13)};
  }
  entry.resources = ReadResources(query);
  entry.max_restarts = static_cast<int32_t>(query.Int(17));
  entry.last_worker_id = query.Text(18);
  entry.num_fruitless = static_cast<int32_t>(query.Int(20));
  if (entry.state == core::RunState::kCancelling && query.Text(22) != reason::kCancelled) {
    entry.stop_reason = query.Text(22);
    entry.stop_message = query.Text(23);
  }
  // Whether it brought the run further is forgotten; held against it is only what is known.
  entry.progressed = entry.state == core::RunState::kRunning;
  return entry;
}

RunInfo ReadInfo(const Query& query) {
  return {.row = query.Int(3),
          .experiment_row = query.Int(2),
          .variant_row = query.Int(4),
          .last_seq = query.Int(8),
          .step = query.Int(9),
          .queued_ms = query.Int(10),
          .trial = query.OptionalInt(21),
          .series = {},
          .awaited_seq = std::nullopt};
}

}  // namespace

void Ledger::Load() {
  StartBatch();
  state_.runs.clear();
  infos_.clear();
  Query runs(connection_,
             FP4_SELECT_RUNS "state IN ('queued', 'assigned', 'running', 'cancelling')");
  while (runs.Next()) {
    infos_.emplace(runs.Text(0), ReadInfo(runs));
    core::RunEntry entry = ReadEntry(runs);
    entry.queued_since = since_boot_ - (now_ - FromMillis(runs.Int(10)));
    state_.runs.emplace(runs.Text(0), std::move(entry));
  }
  LoadLeases();
  LoadLostWorkers();
  state_.index = core::IndexOf(state_.runs);
  maybe_finished_.clear();
  LoadWorkers();
  LoadCounts();
  LoadSearches();
  Query cursor(connection_, "SELECT value FROM counters WHERE name = 'cursor'");
  if (cursor.Next()) cursor_ = stored_cursor_ = cursor.Int(0);
}

void Ledger::LoadLeases() {
  Query query(connection_,
              "SELECT runs.id, workers.id, attempts.slots, stop_reason FROM attempts "
              "JOIN runs ON runs.row = attempts.run AND runs.attempt = attempts.attempt "
              "JOIN workers ON workers.row = attempts.worker "
              "WHERE state IN ('assigned', 'running', 'cancelling')");
  while (query.Next()) {
    state_.runs.at(query.Text(0)).lease = core::Lease{.worker_id = query.Text(1),
                                                      .slots = ParseIntegers(query.Text(2)),
                                                      .expires = since_boot_ + timing_.lease_ttl,
                                                      .stop_told = false,
                                                      .since = since_boot_,
                                                      .preempted = !query.Text(3).empty()};
  }
}

// Of the last attempts, those that brought the run no further.
void Ledger::LoadLostWorkers() {
  Query query(connection_,
              "SELECT runs.id, workers.id FROM attempts JOIN runs ON runs.row = attempts.run "
              "JOIN workers ON workers.row = attempts.worker "
              "WHERE state IN ('queued', 'assigned', 'running', 'cancelling') "
              "AND end_cause IN ('expired', 'lost') "
              "AND attempts.attempt > runs.attempt - num_fruitless - "
              "(state <> 'queued')");
  while (query.Next()) {
    const auto run = state_.runs.find(query.Text(0));
    if (run != state_.runs.end()) run->second.lost_workers.insert(query.Text(1));
  }
}

void Ledger::LoadWorkers() {
  std::map<std::string, core::WorkerEntry> known = std::exchange(state_.workers, {});
  std::map<std::string, WorkerInfo> known_infos = std::exchange(workers_, {});
  Query query(connection_,
              "SELECT id, name, host, version, incarnation, slots, row, seen_ms, place, "
              "superseded, drain, owner "
              "FROM workers WHERE forgotten_ms IS NULL");
  while (query.Next()) {
    const std::string id = query.Text(0);
    core::WorkerEntry entry{.name = query.Text(1),
                            .host = query.Text(2),
                            .version = query.Text(3),
                            .incarnation = query.Text(4),
                            .slots = ParseSlots(query.Text(5)),
                            .polling = false,
                            .drain = DrainFromName(query.Text(10))};
    if (auto before = known.find(id); before != known.end()) {
      entry.polling = before->second.polling;
      entry.last_heard = before->second.last_heard;
      entry.unfit = before->second.unfit;
      entry.standing = before->second.standing;
    }
    state_.workers.emplace(id, std::move(entry));
    workers_.emplace(id, InfoOf(query, known_infos));
  }
}

WorkerInfo Ledger::InfoOf(const Query& query,
                          const std::map<std::string, WorkerInfo>& known) const {
  WorkerInfo info;
  if (auto before = known.find(query.Text(0)); before != known.end()) info = before->second;
  info.row = query.Int(6);
  info.saved_seen_time = FromMillis(query.Int(7));
  info.place = query.Text(8);
  info.superseded = ParseStrings(query.Text(9));
  info.owner = query.Text(11);
  if (info.last_seen == -absl::InfiniteDuration()) {
    info.last_seen_time = info.saved_seen_time;
    // What is stored is up to that much older than the truth.
    if (now_ - info.saved_seen_time < kSaveSightings + kLiveFor) {
      info.presumed_live_until = since_boot_ + kLiveFor;
    }
  }
  return info;
}

void Ledger::LoadCounts() {
  counts_.clear();
  Query query(connection_,
              "SELECT state, COUNT(*) FROM runs JOIN experiments ON experiments.row = experiment "
              "WHERE deleted_ms IS NULL GROUP BY state");
  while (query.Next()) {
    counts_[core::RunStateFromName(query.Text(0)).value()] = query.Int(1);
  }
}

void Ledger::LoadSearches() {
  searches_.clear();
  unfilled_searches_.clear();
  ended_trials_.clear();
  Query query(connection_,
              "SELECT experiment FROM searches JOIN experiments ON experiments.row = experiment "
              "WHERE ended = '' AND deleted_ms IS NULL");
  while (query.Next()) unfilled_searches_.insert(query.Int(0));
}

bool Ledger::LoadFinishedRun(const std::string& id) {
  Query query(connection_, FP4_SELECT_RUNS "runs.id = ?", id);
  if (!query.Next()) return false;
  infos_.emplace(id, ReadInfo(query));
  state_.runs.emplace(id, ReadEntry(query));
  maybe_finished_.push_back(id);
  return true;
}

}  // namespace fp4::store
