#include "server/store/checkpoints.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/metric_names.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/store/event_rows.h"
#include "server/store/handlers.h"
#include "server/store/points.h"
#include "server/store/run_documents.h"

namespace fp4::store {
namespace {

// More than any document keeps, so that one that can be read is among them.
constexpr int32_t kMaxCheckpoints = 16;

struct DocumentRule {
  core::RetentionRule rule;
  std::string metric;
};

// What the run's document says of the best ones.
DocumentRule ReadRule(Connection& connection, int64_t run_row) {
  Query query(connection,
              "SELECT json_extract(resolved_document, '$.checkpoint.metric'), "
              "json_extract(resolved_document, '$.checkpoint.keep_best') "
              "FROM runs JOIN variants ON variants.row = variant WHERE runs.row = ?",
              run_row);
  if (!query.Next() || query.IsNull(0)) return {};
  DocumentRule rule{.rule = {.keep_best = query.Int(1) > 0}, .metric = query.Text(0)};
  rule.rule.largest_is_best = metric::BetterOf(rule.metric) == metric::Better::kLarger;
  return rule;
}

std::optional<double> MetricAt(Connection& connection, int64_t run_row, const std::string& name,
                               int64_t step) {
  const std::vector<Point> points =
      ReadPoints(connection, run_row, name, {.from = step, .to = step}, 1);
  return points.empty() ? std::nullopt : std::optional(points.front().value);
}

std::vector<core::KnownCheckpoint> Known(Connection& connection, int64_t run_row,
                                         const DocumentRule& rule,
                                         const std::vector<CheckpointRecord>& records) {
  std::vector<core::KnownCheckpoint> known;
  for (const CheckpointRecord& record : records) {
    core::KnownCheckpoint& one = known.emplace_back();
    one = {.key = record.key, .bytes = record.bytes, .stored = record.stored(), .metric = {}};
    if (rule.rule.keep_best) {
      one.metric = MetricAt(connection, run_row, rule.metric, record.key.step);
    }
  }
  return known;
}

std::vector<CheckpointRecord> ReadRows(Connection& connection, int64_t run_row) {
  std::vector<CheckpointRecord> records;
  Query query(connection,
              "SELECT step, attempt, bytes, sha256, workers.name, path, stored_ms "
              "FROM checkpoints LEFT JOIN workers ON workers.row = worker WHERE run = ? "
              "ORDER BY attempt DESC, step DESC",
              run_row);
  while (query.Next()) {
    CheckpointRecord& record = records.emplace_back();
    record.key = {query.Int(0), static_cast<int32_t>(query.Int(1))};
    record.bytes = query.Int(2);
    record.sha256 = query.Text(3);
    if (!query.IsNull(4)) record.worker = query.Text(4);
    record.path = query.Text(5);
    if (!query.IsNull(6)) record.stored_time = FromMillis(query.Int(6));
  }
  return records;
}

// Whether one of the run's events tells of this checkpoint.
bool IsTold(Connection& connection, int64_t run_row, const core::CheckpointKey& key,
            const std::string& sha256) {
  Query query(connection,
              "SELECT payload FROM events WHERE run = ? AND kind = 'checkpoint' "
              "AND kind <> 'metrics' AND step = ? AND attempt = ?",
              run_row, key.step, key.attempt);
  while (query.Next()) {
    const absl::StatusOr<spec::Event> event = spec::ParseEvent(query.Text(0));
    if (!event.ok()) continue;
    const auto* checkpoint = std::get_if<spec::CheckpointEvent>(&event->kind);
    if (checkpoint != nullptr && checkpoint->sha256 == sha256) return true;
  }
  return false;
}

void PutOnWorker(Ledger& ledger, int64_t run_row, int64_t worker_row,
                 const OfferedCheckpoint& checkpoint) {
  Query(ledger.Writing(),
        "INSERT INTO checkpoints (run, step, attempt, bytes, sha256, worker, path) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, step, attempt) DO UPDATE SET "
        "worker = excluded.worker, path = excluded.path",
        run_row, checkpoint.key.step, checkpoint.key.attempt, checkpoint.bytes, checkpoint.sha256,
        worker_row, checkpoint.path)
      .Run();
}

void TakeOffWorker(Ledger& ledger, int64_t run_row, const core::CheckpointKey& key) {
  Query(ledger.Writing(),
        "DELETE FROM checkpoints WHERE run = ? AND step = ? AND attempt = ? AND stored_ms IS NULL",
        run_row, key.step, key.attempt)
      .Run();
  Query(ledger.Writing(),
        "UPDATE checkpoints SET worker = NULL, path = '' "
        "WHERE run = ? AND step = ? AND attempt = ?",
        run_row, key.step, key.attempt)
      .Run();
}

void DropStored(Ledger& ledger, int64_t run_row, const core::CheckpointKey& key) {
  Query(ledger.Writing(),
        "DELETE FROM checkpoints WHERE run = ? AND step = ? AND attempt = ? AND worker IS NULL",
        run_row, key.step, key.attempt)
      .Run();
  Query(ledger.Writing(),
        "UPDATE checkpoints SET stored_ms = NULL WHERE run = ? AND step = ? AND attempt = ?",
        run_row, key.step, key.attempt)
      .Run();
}

// What the table says of one run on one worker, to be compared with what that worker says.
std::map<core::CheckpointKey, std::string> OnWorker(Connection& connection, int64_t run_row,
                                                    int64_t worker_row) {
  std::map<core::CheckpointKey, std::string> paths;
  Query query(connection,
              "SELECT step, attempt, path FROM checkpoints WHERE run = ? AND worker = ?", run_row,
              worker_row);
  while (query.Next()) {
    paths[{query.Int(0), static_cast<int32_t>(query.Int(1))}] = query.Text(2);
  }
  return paths;
}

void NoteOffered(Ledger& ledger, int64_t run_row, int64_t worker_row,
                 const std::vector<OfferedCheckpoint>& offered) {
  std::map<core::CheckpointKey, std::string> before = OnWorker(ledger.db(), run_row, worker_row);
  for (const OfferedCheckpoint& checkpoint : offered) {
    const auto known = before.extract(checkpoint.key);
    if (!known.empty() && known.mapped() == checkpoint.path) continue;
    if (!IsTold(ledger.db(), run_row, checkpoint.key, checkpoint.sha256)) continue;
    PutOnWorker(ledger, run_row, worker_row, checkpoint);
  }
  for (const auto& [key, path] : before) TakeOffWorker(ledger, run_row, key);
}

std::vector<core::StoredRun> ReadStoredRuns(Connection& connection) {
  std::vector<core::StoredRun> runs;
  std::vector<int64_t> rows;
  Query query(connection,
              "SELECT DISTINCT runs.row, runs.id, state, finished_ms FROM checkpoints "
              "JOIN runs ON runs.row = run JOIN experiments ON experiments.row = runs.experiment "
              "WHERE stored_ms IS NOT NULL AND deleted_ms IS NULL");
  while (query.Next()) {
    core::StoredRun& run = runs.emplace_back();
    rows.push_back(query.Int(0));
    run.id = query.Text(1);
    run.state = core::RunStateFromName(query.Text(2)).value();
    if (!query.IsNull(3)) run.finished = FromMillis(query.Int(3));
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    const DocumentRule rule = ReadRule(connection, rows[i]);
    std::vector<CheckpointRecord> records = ReadRows(connection, rows[i]);
    std::erase_if(records, [](const CheckpointRecord& record) { return !record.stored(); });
    runs[i].rule = rule.rule;
    runs[i].checkpoints = Known(connection, rows[i], rule, records);
  }
  return runs;
}

absl::Status NotWanted(const StoredCheckpoint& checkpoint, std::string_view why) {
  return ErrorWithReason(
      absl::StatusCode::kFailedPrecondition, reason::kNotWanted,
      absl::StrCat("run ", checkpoint.run_id, ", step ", checkpoint.key.step, ", attempt ",
                   checkpoint.key.attempt, ": ", std::string(why)));
}

}  // namespace

std::vector<CheckpointRecord> ReadCheckpoints(Connection& connection, int64_t run_row) {
  std::vector<CheckpointRecord> records = ReadRows(connection, run_row);
  const DocumentRule rule = ReadRule(connection, run_row);
  const core::KeptCheckpoints kept =
      core::ChooseKept(Known(connection, run_row, rule, records), rule.rule);
  for (CheckpointRecord& record : records) {
    record.is_last = record.key == kept.last;
    record.is_best = record.key == kept.best;
  }
  return records;
}

std::vector<StoredCheckpoint> ReadStored(Connection& connection) {
  std::vector<StoredCheckpoint> stored;
  Query query(connection,
              "SELECT runs.id, checkpoints.step, checkpoints.attempt, bytes, sha256 "
              "FROM checkpoints JOIN runs ON runs.row = run "
              "JOIN experiments ON experiments.row = runs.experiment "
              "WHERE stored_ms IS NOT NULL AND deleted_ms IS NULL "
              "ORDER BY runs.row, checkpoints.attempt, checkpoints.step");
  while (query.Next()) {
    stored.push_back({.run_id = query.Text(0),
                      .key = {query.Int(1), static_cast<int32_t>(query.Int(2))},
                      .bytes = query.Int(3),
                      .sha256 = query.Text(4)});
  }
  return stored;
}

std::vector<AssignedCheckpoint> ReadResumable(Connection& connection, int64_t run_row) {
  std::map<core::CheckpointKey, CheckpointRecord> stored;
  for (CheckpointRecord& record : ReadRows(connection, run_row)) {
    if (record.stored()) stored.emplace(record.key, std::move(record));
  }
  std::vector<AssignedCheckpoint> resumable;
  for (auto& [event, attempt] : NewestCheckpoints(connection, run_row, kMaxCheckpoints)) {
    const bool is_stored = !stored.extract(core::CheckpointKey{event.step, attempt}).empty();
    resumable.push_back({{std::move(event)}, attempt, is_stored});
  }
  for (auto one = stored.rbegin(); one != stored.rend(); ++one) {
    const CheckpointRecord& record = one->second;
    resumable.push_back({{.path = record.path,
                          .step = record.key.step,
                          .bytes = record.bytes,
                          .sha256 = record.sha256},
                         record.key.attempt,
                         true});
  }
  return resumable;
}

void NoteWritten(Ledger& ledger, int64_t run_row, const std::string& worker_id, int32_t attempt,
                 const spec::CheckpointEvent& event) {
  const auto worker = ledger.workers().find(worker_id);
  if (worker == ledger.workers().end()) return;
  PutOnWorker(ledger, run_row, worker->second.row,
              {.key = {event.step, attempt},
               .bytes = event.bytes,
               .sha256 = event.sha256,
               .path = event.path});
}

void ForgetOnWorker(Ledger& ledger, int64_t worker_row) {
  Query(ledger.Writing(), "DELETE FROM checkpoints WHERE worker = ? AND stored_ms IS NULL",
        worker_row)
      .Run();
  Query(ledger.Writing(), "UPDATE checkpoints SET worker = NULL, path = '' WHERE worker = ?",
        worker_row)
      .Run();
}

absl::StatusOr<WantedCheckpoints> Handle(Ledger& ledger, const OfferCheckpoints& request) {
  FP4_RETURN_IF_ERROR(
      CheckWorker(ledger, request.worker_id, request.incarnation, request.caller).status());
  // Nothing is wanted of a run that was deleted.
  if (ledger.FindRun(request.run_id) == nullptr) return WantedCheckpoints{};
  const int64_t run_row = ledger.Info(request.run_id).row;
  NoteOffered(ledger, run_row, ledger.workers().at(request.worker_id).row, request.checkpoints);
  const DocumentRule rule = ReadRule(ledger.db(), run_row);
  std::set<core::CheckpointKey> offered;
  for (const OfferedCheckpoint& one : request.checkpoints) offered.insert(one.key);
  const std::vector<CheckpointRecord> records = ReadRows(ledger.db(), run_row);
  return WantedCheckpoints{
      core::ChooseWanted(Known(ledger.db(), run_row, rule, records), rule.rule, offered)};
}

absl::StatusOr<Nothing> NoteStored(Ledger& ledger, const StoredCheckpoint& checkpoint) {
  if (ledger.FindRun(checkpoint.run_id) == nullptr) return NotWanted(checkpoint, "no such run");
  const int64_t run_row = ledger.Info(checkpoint.run_id).row;
  if (!IsTold(ledger.db(), run_row, checkpoint.key, checkpoint.sha256)) {
    return NotWanted(
        checkpoint, absl::StrCat("no event tells of a checkpoint with sha256 ", checkpoint.sha256));
  }
  Query(ledger.Writing(),
        "INSERT INTO checkpoints (run, step, attempt, bytes, sha256, stored_ms) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, step, attempt) DO UPDATE SET "
        "stored_ms = excluded.stored_ms",
        run_row, checkpoint.key.step, checkpoint.key.attempt, checkpoint.bytes, checkpoint.sha256,
        ToMillis(ledger.now()))
      .Run();
  return Nothing{};
}

absl::StatusOr<Nothing> DropSuperfluous(Ledger& ledger, const std::string& run_id) {
  if (ledger.FindRun(run_id) == nullptr) return Nothing{};
  const int64_t run_row = ledger.Info(run_id).row;
  const DocumentRule rule = ReadRule(ledger.db(), run_row);
  const std::vector<core::KnownCheckpoint> known =
      Known(ledger.db(), run_row, rule, ReadRows(ledger.db(), run_row));
  for (const core::CheckpointKey& key : core::ChooseSuperfluous(known, rule.rule)) {
    DropStored(ledger, run_row, key);
  }
  return Nothing{};
}

absl::StatusOr<Nothing> Evict(Ledger& ledger, int64_t bytes) {
  const std::vector<core::Eviction> evicted =
      core::ChooseEvicted(ReadStoredRuns(ledger.db()), bytes);
  if (evicted.empty() && bytes > 0) {
    return ErrorWithReason(absl::StatusCode::kResourceExhausted, reason::kArtifactSpace,
                           absl::StrCat("the checkpoints of completed runs do not have the ", bytes,
                                        " bytes that would have to go"));
  }
  for (const core::Eviction& one : evicted) {
    LogInfo("checkpoint evicted",
            {{"run", one.run_id}, {"step", one.key.step}, {"attempt", one.key.attempt}});
    ledger.FindRun(one.run_id);
    DropStored(ledger, ledger.Info(one.run_id).row, one.key);
  }
  return Nothing{};
}

}  // namespace fp4::store
