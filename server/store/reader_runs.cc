#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/store/checkpoints.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/lookup.h"
#include "server/store/page_token.h"
#include "server/store/reader.h"
#include "server/store/run_documents.h"
#include "server/store/run_rows.h"

namespace fp4::store {
namespace {

constexpr char kRunList[] = "runs";

// ",queued,running,": to look a state up in; empty: all.
std::string StateSet(std::span<const core::RunState> states) {
  if (states.empty()) return "";
  std::string set = ",";
  for (core::RunState state : states) {
    absl::StrAppend(&set, std::string(core::RunStateName(state)), ",");
  }
  return set;
}

std::string LastWords(Connection& connection, int64_t run_row) {
  Query query(connection,
              "SELECT stderr_tail FROM attempts WHERE run = ? AND ended_ms IS NOT NULL "
              "ORDER BY attempt DESC LIMIT 1",
              run_row);
  return query.Next() ? query.Text(0) : "";
}

}  // namespace

absl::StatusOr<RunDetails> Reader::GetRun(std::string_view id) {
  return WithoutExceptions([&]() -> absl::StatusOr<RunDetails> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindRun(db_, id));
    Query query(db_, FP4_SELECT_RUN_RECORDS "WHERE runs.row = ?", key.row);
    if (!query.Next()) return NotFoundError("run", id);
    return RunDetails{.run = ReadRun(db_, query, SeriesOf::kAll),
                      .resolved_document = ReadRunDocument(db_, key.row),
                      .started_json = ReadStarted(db_, key.row),
                      .checkpoints = ReadCheckpoints(db_, key.row),
                      .stderr_tail = LastWords(db_, key.row)};
  });
}

absl::StatusOr<RunCheckpoints> Reader::ListCheckpoints(std::string_view run_id) {
  return WithoutExceptions([&]() -> absl::StatusOr<RunCheckpoints> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindRun(db_, run_id));
    return RunCheckpoints{key.id, ReadCheckpoints(db_, key.row)};
  });
}

absl::StatusOr<std::vector<StoredCheckpoint>> Reader::StoredCheckpoints() {
  return WithoutExceptions(
      [&]() -> absl::StatusOr<std::vector<StoredCheckpoint>> { return ReadStored(db_); });
}

absl::StatusOr<Page<RunRecord>> Reader::ListRuns(std::string_view experiment_id,
                                                 std::span<const core::RunState> states,
                                                 int page_size, const std::string& page_token) {
  return WithoutExceptions([&]() -> absl::StatusOr<Page<RunRecord>> {
    FP4_ASSIGN_OR_RETURN(const int64_t size, PageSize(page_size));
    std::vector<int64_t> after = {std::numeric_limits<int64_t>::max(), 0};
    if (!page_token.empty()) {
      FP4_ASSIGN_OR_RETURN(after, ParsePageToken(kRunList, page_token, 2));
    }
    Snapshot snapshot(db_);
    std::optional<int64_t> experiment;
    if (!experiment_id.empty()) {
      FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, experiment_id));
      experiment = key.row;
    }
    const std::string set = StateSet(states);
    Query query(db_,
                FP4_SELECT_RUN_RECORDS
                "WHERE deleted_ms IS NULL AND (? IS NULL OR runs.experiment = ?) "
                "AND (? = '' OR instr(?, ',' || state || ',') > 0) "
                "AND (runs.experiment < ? OR (runs.experiment = ? AND runs.row > ?)) "
                "ORDER BY runs.experiment DESC, runs.row LIMIT ?",
                experiment, experiment, set, set, after[0], after[0], after[1], size + 1);
    Page<RunRecord> page;
    size_t bytes = 0;
    while (query.Next()) {
      if (static_cast<int64_t>(page.items.size()) == size || bytes > kMaxPageBytes) {
        page.next_token = MakePageToken(kRunList, after);
        break;
      }
      after = {query.Int(18), query.Int(0)};
      bytes += NumBytes(page.items.emplace_back(ReadRun(db_, query, SeriesOf::kRun)));
    }
    return page;
  });
}

absl::StatusOr<std::vector<std::string>> Reader::RunIdsOfExperiment(std::string_view id) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<std::string>> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, id));
    std::vector<std::string> ids;
    Query query(db_, "SELECT id FROM runs WHERE experiment = ? ORDER BY row", key.row);
    while (query.Next()) ids.push_back(query.Text(0));
    return ids;
  });
}

absl::StatusOr<std::vector<std::string>> Reader::ResolveRunIds(std::span<const std::string> ids) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<std::string>> {
    Snapshot snapshot(db_);
    std::vector<std::string> full;
    for (const std::string& id : ids) {
      FP4_ASSIGN_OR_RETURN(Key key, FindRun(db_, id));
      if (std::ranges::find(full, key.id) == full.end()) full.push_back(std::move(key.id));
    }
    return full;
  });
}

}  // namespace fp4::store
