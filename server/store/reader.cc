#include "server/store/reader.h"

#include <limits>

#include "base/status_macros.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/event_rows.h"
#include "server/store/json_columns.h"
#include "server/store/lookup.h"
#include "server/store/page_token.h"
#include "server/store/run_rows.h"

namespace fp4::store {
namespace {

#define FP4_SELECT_EXPERIMENTS                                                                  \
  "SELECT row, id, name, project, description, labels, document, document_name, overrides, "    \
  "created_by, created_ms, (SELECT COUNT(*) FROM runs WHERE experiment = experiments.row), "    \
  "(SELECT COUNT(*) FROM runs WHERE experiment = experiments.row AND finished_ms IS NOT NULL) " \
  "FROM experiments WHERE deleted_ms IS NULL "

ExperimentRecord ReadExperimentRow(const Query& query) {
  ExperimentRecord experiment;
  experiment.id = query.Text(1);
  experiment.name = query.Text(2);
  experiment.project = query.Text(3);
  experiment.description = query.Text(4);
  experiment.labels = ParseStrings(query.Text(5));
  experiment.document = query.Text(6);
  experiment.document_name = query.Text(7);
  experiment.overrides = ParseStrings(query.Text(8));
  experiment.created_by = query.Text(9);
  experiment.create_time = FromMillis(query.Int(10));
  experiment.num_runs = static_cast<int32_t>(query.Int(11));
  experiment.num_finished = static_cast<int32_t>(query.Int(12));
  return experiment;
}

constexpr char kExperimentList[] = "experiments";
constexpr char kRunsOfExperiment[] = "experiment";

size_t NumBytes(const ExperimentRecord& experiment) {
  return experiment.document.size() + experiment.description.size() + 500;
}

// The experiment's runs after that row.
void ReadRuns(Connection& connection, int64_t experiment_row, int64_t after, int64_t size,
              ExperimentRecord& experiment) {
  size_t bytes = 0;
  Query runs(connection,
             FP4_SELECT_RUN_RECORDS
             "WHERE runs.experiment = ? AND runs.row > ? ORDER BY runs.row LIMIT ?",
             experiment_row, after, size + 1);
  while (runs.Next()) {
    if (static_cast<int64_t>(experiment.runs.size()) == size || bytes > kMaxPageBytes) {
      experiment.next_runs_token = MakePageToken(kRunsOfExperiment, {after});
      break;
    }
    after = runs.Int(0);
    bytes += NumBytes(experiment.runs.emplace_back(ReadRun(connection, runs, SeriesOf::kRun)));
  }
}

}  // namespace

absl::StatusOr<ExperimentRecord> Reader::GetExperiment(std::string_view id, int page_size,
                                                       const std::string& page_token) {
  return WithoutExceptions([&]() -> absl::StatusOr<ExperimentRecord> {
    FP4_ASSIGN_OR_RETURN(const int64_t size, PageSize(page_size == 0 ? kMaxPageSize : page_size));
    int64_t after = 0;
    if (!page_token.empty()) {
      FP4_ASSIGN_OR_RETURN(const auto position, ParsePageToken(kRunsOfExperiment, page_token, 1));
      after = position[0];
    }
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, id));
    Query query(db_, FP4_SELECT_EXPERIMENTS "AND row = ?", key.row);
    if (!query.Next()) return NotFoundError("experiment", id);
    ExperimentRecord experiment = ReadExperimentRow(query);
    ReadRuns(db_, key.row, after, size, experiment);
    if (page_token.empty()) experiment.search = ReadSearchOf(key.row);
    return experiment;
  });
}

absl::StatusOr<std::string> Reader::CheckIntegrity() {
  return WithoutExceptions([&]() -> absl::StatusOr<std::string> {
    // The check reads the whole file, and the write-ahead log grows meanwhile.
    constexpr int64_t kLargestChecked = int64_t{1} << 30;
    Query size(db_, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    if (size.Next() && size.Int(0) > kLargestChecked) return std::string("ok");
    Query check(db_, "PRAGMA quick_check(1)");
    return check.Next() ? check.Text(0) : std::string("ok");
  });
}

absl::StatusOr<std::string> Reader::ResolveExperimentId(std::string_view id) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::string> {
    FP4_ASSIGN_OR_RETURN(Key key, FindExperiment(db_, id));
    return std::move(key.id);
  });
}

absl::StatusOr<Page<ExperimentRecord>> Reader::ListExperiments(const std::string& project,
                                                               int page_size,
                                                               const std::string& page_token) {
  return WithoutExceptions([&]() -> absl::StatusOr<Page<ExperimentRecord>> {
    FP4_ASSIGN_OR_RETURN(const int64_t size, PageSize(page_size));
    int64_t before = std::numeric_limits<int64_t>::max();
    if (!page_token.empty()) {
      FP4_ASSIGN_OR_RETURN(const auto position, ParsePageToken(kExperimentList, page_token, 1));
      before = position[0];
    }
    Snapshot snapshot(db_);
    Query query(db_,
                FP4_SELECT_EXPERIMENTS
                "AND row < ? AND (? = '' OR project = ?) ORDER BY row DESC LIMIT ?",
                before, project, project, size + 1);
    Page<ExperimentRecord> page;
    size_t bytes = 0;
    while (query.Next()) {
      if (static_cast<int64_t>(page.items.size()) == size || bytes > kMaxPageBytes) {
        page.next_token = MakePageToken(kExperimentList, {before});
        break;
      }
      before = query.Int(0);
      bytes += NumBytes(page.items.emplace_back(ReadExperimentRow(query)));
    }
    return page;
  });
}

absl::StatusOr<std::vector<VariantRecord>> Reader::GetVariants(std::string_view experiment_id) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<VariantRecord>> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindExperiment(db_, experiment_id));
    std::vector<VariantRecord> variants;
    Query query(db_,
                "SELECT name, resolved_document FROM variants WHERE experiment = ? "
                "ORDER BY position",
                key.row);
    while (query.Next()) variants.push_back({query.Text(0), query.Text(1)});
    return variants;
  });
}

}  // namespace fp4::store
