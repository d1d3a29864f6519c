// A page of a watch: the events of several runs merged by commit number.
#include <algorithm>
#include <queue>

#include "base/status_macros.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/event_rows.h"
#include "server/store/lookup.h"
#include "server/store/reader.h"

namespace fp4::store {
namespace {

struct WatchedRun {
  int64_t row = 0;
  std::string id;
};

// The next event of each run stands in the queue; the smallest commit number comes first.
class Merge {
 public:
  Merge(Connection& connection, const std::vector<WatchedRun>& runs, int64_t cursor)
      : connection_(connection), runs_(runs) {
    for (size_t i = 0; i < runs.size(); ++i) Advance(i, cursor);
  }

  bool done() const { return next_.empty(); }
  int64_t next_cursor() const { return next_.top().cursor; }

  absl::StatusOr<std::optional<StoredEvent>> Pop() {
    const Next next = next_.top();
    next_.pop();
    Advance(next.index, next.cursor);
    const WatchedRun& run = runs_[next.index];
    Query query(connection_,
                "SELECT run, cursor, attempt, seq, time_ms, kind, step, payload FROM events "
                "WHERE run = ? AND cursor = ?",
                run.row, next.cursor);
    if (!query.Next()) return std::optional<StoredEvent>();
    return ReadEvent(connection_, query, run.id);
  }

 private:
  struct Next {
    int64_t cursor = 0;
    size_t index = 0;
    bool operator>(const Next& other) const { return cursor > other.cursor; }
  };

  void Advance(size_t index, int64_t cursor) {
    Query query(connection_,
                "SELECT cursor FROM events WHERE run = ? AND cursor > ? ORDER BY cursor LIMIT 1",
                runs_[index].row, cursor);
    if (query.Next()) next_.push({query.Int(0), index});
  }

  Connection& connection_;
  const std::vector<WatchedRun>& runs_;
  std::priority_queue<Next, std::vector<Next>, std::greater<>> next_;
};

// Sets `all_finished` by the way.
std::vector<WatchedRun> FindRuns(Connection& connection, std::span<const std::string> ids,
                                 bool& all_finished) {
  std::vector<WatchedRun> runs;
  all_finished = true;
  for (const std::string& id : ids) {
    Query query(connection,
                "SELECT runs.row, finished_ms IS NOT NULL FROM runs "
                "JOIN experiments ON experiments.row = experiment "
                "WHERE runs.id = ? AND deleted_ms IS NULL",
                id);
    if (!query.Next()) continue;
    runs.push_back({query.Int(0), id});
    all_finished &= query.Int(1) != 0;
  }
  return runs;
}

std::vector<WatchedRun> FindRunsOf(Connection& connection, std::string_view experiment_id,
                                   bool& all_finished) {
  std::vector<WatchedRun> runs;
  all_finished = true;
  Query query(connection,
              "SELECT runs.row, runs.id, finished_ms IS NOT NULL AND NOT EXISTS "
              "(SELECT 1 FROM searches WHERE searches.experiment = experiments.row AND ended = '') "
              "FROM runs JOIN experiments ON experiments.row = experiment "
              "WHERE experiments.id = ? AND deleted_ms IS NULL",
              experiment_id);
  while (query.Next()) {
    runs.push_back({query.Int(0), query.Text(1)});
    all_finished &= query.Int(2) != 0;
  }
  return runs;
}

absl::StatusOr<EventPage> ReadPage(Connection& connection, const std::vector<WatchedRun>& runs,
                                   EventPage page, int limit) {
  Merge merge(connection, runs, page.next_cursor);
  // Replaced values count against the limit too: a page never takes long.
  for (int i = 0; i < limit && !merge.done(); ++i) {
    page.next_cursor = merge.next_cursor();
    FP4_ASSIGN_OR_RETURN(std::optional<StoredEvent> event, merge.Pop());
    if (event) page.events.push_back(*std::move(event));
  }
  page.at_end = merge.done();
  return page;
}

}  // namespace

absl::StatusOr<EventPage> Reader::EventsOfExperiment(std::string_view id, int64_t cursor,
                                                     int limit) {
  return WithoutExceptions([&]() -> absl::StatusOr<EventPage> {
    Snapshot snapshot(db_);
    EventPage page{.events = {}, .next_cursor = cursor, .at_end = false, .all_finished = false};
    const std::vector<WatchedRun> runs = FindRunsOf(db_, id, page.all_finished);
    return ReadPage(db_, runs, std::move(page), limit);
  });
}

absl::StatusOr<EventPage> Reader::EventsAfter(std::span<const std::string> run_ids, int64_t cursor,
                                              int limit) {
  return WithoutExceptions([&]() -> absl::StatusOr<EventPage> {
    Snapshot snapshot(db_);
    EventPage page{.events = {}, .next_cursor = cursor, .at_end = false, .all_finished = false};
    const std::vector<WatchedRun> runs = FindRuns(db_, run_ids, page.all_finished);
    return ReadPage(db_, runs, std::move(page), limit);
  });
}

absl::StatusOr<std::vector<StoredEvent>> Reader::NotableEvents(std::string_view run_id, int limit) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<StoredEvent>> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindRun(db_, run_id));
    std::vector<StoredEvent> events;
    Query query(db_,
                "SELECT run, cursor, attempt, seq, time_ms, kind, step, payload FROM events "
                "WHERE run = ? AND kind <> 'metrics' ORDER BY cursor DESC LIMIT ?",
                key.row, limit);
    while (query.Next()) {
      FP4_ASSIGN_OR_RETURN(std::optional<StoredEvent> event, ReadEvent(db_, query, key.id));
      if (event) events.push_back(*std::move(event));
    }
    std::ranges::reverse(events);
    return events;
  });
}

absl::StatusOr<int64_t> Reader::NewestCursor() {
  return WithoutExceptions([&]() -> absl::StatusOr<int64_t> {
    Query query(db_, "SELECT value FROM counters WHERE name = 'cursor'");
    return query.Next() ? query.Int(0) : 0;
  });
}

}  // namespace fp4::store
