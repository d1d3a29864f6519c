#include "server/rpc/watch_position.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::rpc {
namespace {

absl::Status Invalid(const std::string& problem) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument, problem);
}

}  // namespace

absl::StatusOr<WatchPosition> ResolveWatch(store::Reader& reader, const v1::WatchRequest& request) {
  if (request.experiment_id().empty() == (request.run_ids_size() == 0)) {
    return Invalid("either experiment_id or run_ids says what to watch");
  }
  WatchPosition position;
  if (!request.experiment_id().empty()) {
    FP4_ASSIGN_OR_RETURN(position.experiment_id,
                         reader.ResolveExperimentId(request.experiment_id()));
  } else {
    const std::vector<std::string> ids(request.run_ids().begin(), request.run_ids().end());
    FP4_ASSIGN_OR_RETURN(position.run_ids, reader.ResolveRunIds(ids));
  }
  FP4_ASSIGN_OR_RETURN(const int64_t newest, reader.NewestCursor());
  if (request.cursor() < 0 || request.cursor() > newest) {
    return Invalid(absl::StrCat("cursor is ", request.cursor(), "; the newest event is ", newest));
  }
  position.cursor = request.cursor() == 0 && request.follow_only() ? newest : request.cursor();
  if (request.no_follow()) position.last = newest;
  return position;
}

// A search makes further runs while it is watched.
absl::StatusOr<store::EventPage> ReadWatchPage(store::Reader& reader, const WatchPosition& position,
                                               int limit) {
  if (position.experiment_id.empty()) {
    return reader.EventsAfter(position.run_ids, position.cursor, limit);
  }
  return reader.EventsOfExperiment(position.experiment_id, position.cursor, limit);
}

}  // namespace fp4::rpc
