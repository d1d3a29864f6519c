// Reads of what is stored. Obtained from Store::Read; used within that call only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/access/audit.h"
#include "server/access/identity.h"
#include "server/store/records.h"

namespace fp4::store {

class Connection;

inline constexpr int kDefaultPageSize = 50, kMaxPageSize = 1000;
// A page also ends where it holds about so many bytes, but it has one item at least: a client of
// gRPC refuses messages above 4 MiB unless told otherwise.
inline constexpr size_t kMaxPageBytes = size_t{1} << 20;
// Of all series of a page of metrics together; a point is at most 28 bytes on the wire.
inline constexpr int kMaxPagePoints = 100'000;

struct MetricsQuery {
  std::string run_id;
  std::vector<std::string> names;      // empty: all series, names only
  int64_t from_step = 0, to_step = 0;  // both belong to it; to_step 0: no upper end
  int64_t max_points = 0;              // of each series, core::Downsample; 0: all of them
  int64_t page_size = 0;               // points; 0: kMaxPagePoints, which is also the most
  std::string page_token;
};

// What an id means, and whose it is.
struct OwnedId {
  std::string id, project;
};

// Each call sees one snapshot and holds it for no longer than the call: what a page needs is read
// and the snapshot let go (an old one would keep the write-ahead log from being reused).
// An id may be a prefix that fits one object: NOT_FOUND when none fits, INVALID_ARGUMENT
// (AMBIGUOUS_ID) when several do. Not thread-safe.
class Reader {
 public:
  explicit Reader(Connection& connection) : db_(connection) {}

  // With a page of its runs; page_size 0: kMaxPageSize.
  absl::StatusOr<ExperimentRecord> GetExperiment(std::string_view id, int page_size = 0,
                                                 const std::string& page_token = "");
  // The full id.
  absl::StatusOr<std::string> ResolveExperimentId(std::string_view id);
  // Newest first; `project` empty: all. page_size 0: kDefaultPageSize. A token that this call did
  // not make is INVALID_ARGUMENT.
  absl::StatusOr<Page<ExperimentRecord>> ListExperiments(const std::string& project, int page_size,
                                                         const std::string& page_token);
  // In the document's order: the variants and their resolved documents.
  absl::StatusOr<std::vector<VariantRecord>> GetVariants(std::string_view experiment_id);

  absl::StatusOr<RunDetails> GetRun(std::string_view id);
  // Of one run, those that exist as far as is known.
  absl::StatusOr<RunCheckpoints> ListCheckpoints(std::string_view run_id);
  // Of all runs, those that the controller holds.
  absl::StatusOr<std::vector<StoredCheckpoint>> StoredCheckpoints();
  // Newest experiment first, within it in the document's order. `experiment_id` empty: all;
  // `states` empty: all.
  absl::StatusOr<Page<RunRecord>> ListRuns(std::string_view experiment_id,
                                           std::span<const core::RunState> states, int page_size,
                                           const std::string& page_token);

  // The ids of an experiment's runs, or the full id of each run named; one that is named twice
  // counts once.
  absl::StatusOr<std::vector<std::string>> RunIdsOfExperiment(std::string_view id);
  absl::StatusOr<std::vector<std::string>> ResolveRunIds(std::span<const std::string> ids);

  // At most `limit` events of these runs (full ids) after `cursor`, in commit order. A metrics
  // event is put together from the stored points, so that a value which a later attempt has
  // replaced is not in it any more, nor is the event when nothing of it is left: whoever reads from
  // 0 sees such a step once, whoever watched meanwhile saw both, the later attempt last. A run that
  // has been deleted has no events and counts as finished.
  absl::StatusOr<EventPage> EventsAfter(std::span<const std::string> run_ids, int64_t cursor,
                                        int limit);
  // Of the runs that an experiment (full id) has by now. Its trials have not all finished while a
  // search may make more.
  absl::StatusOr<EventPage> EventsOfExperiment(std::string_view id, int64_t cursor, int limit);
  // "ok", or what SQLite finds wrong with the file. Of a large one only that it can be read.
  absl::StatusOr<std::string> CheckIntegrity();
  // The newest commit number; 0: none yet.
  absl::StatusOr<int64_t> NewestCursor();

  // INVALID_ARGUMENT: a page token that was not made for the same query (but for its page_size).
  absl::StatusOr<MetricsPage> QueryMetrics(const MetricsQuery& query);

  // Of each run (full ids, in their order) each metric (in its order), all points of these steps; a
  // run that is not there, or not any more, is left out. to_step 0: no upper end.
  absl::StatusOr<std::vector<CurveRecord>> ReadCurves(std::span<const std::string> run_ids,
                                                      std::span<const std::string> names,
                                                      int64_t from_step, int64_t to_step);
  // The highest step at which any of these runs has a point of any of these metrics; 0: none.
  absl::StatusOr<int64_t> LastStep(std::span<const std::string> run_ids,
                                   std::span<const std::string> names);

  // The newest events of a run that are no metrics, at most `limit`, in commit order.
  absl::StatusOr<std::vector<StoredEvent>> NotableEvents(std::string_view run_id, int limit);

  // The names of the metrics that any run of the experiment has, sorted.
  absl::StatusOr<std::vector<std::string>> MetricNames(std::string_view experiment_id);
  // One for each run, in the document's order.
  absl::StatusOr<std::vector<CompareInput>> GetCompareInputs(std::string_view experiment_id,
                                                             const std::string& metric);

  // Tokens that there ever were, the newest first.
  absl::StatusOr<std::vector<access::TokenRecord>> ListTokens();
  // Those with a number below `before` (0: all), the newest first.
  absl::StatusOr<std::vector<access::AuditEntry>> ListAudit(int64_t before, int limit);
  // The project of an experiment, or of a run's, and its full id.
  absl::StatusOr<OwnedId> ProjectOfExperiment(std::string_view id);
  absl::StatusOr<OwnedId> ProjectOfRun(std::string_view id);
  // Whether an attempt of the run (a full id) belongs to a worker of this owner: the one that is
  // leased now, or, where `ever`, any. `worker_id`: that worker only; empty: any.
  absl::StatusOr<bool> HasAttemptOf(const std::string& owner, const std::string& run_id,
                                    const std::string& worker_id, bool ever);

 private:
  std::optional<SearchRecord> ReadSearchOf(int64_t experiment_row);

  Connection& db_;
};

}  // namespace fp4::store
