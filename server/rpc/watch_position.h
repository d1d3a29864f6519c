// Where a watch begins and ends, apart from gRPC.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fp4/v1/experiments.pb.h"
#include "server/store/reader.h"

namespace fp4::rpc {

// What a request means once its ids are known.
struct WatchPosition {
  std::string experiment_id;  // the full id; or else:
  std::vector<std::string> run_ids;
  int64_t cursor = 0;                                  // events after this one
  int64_t last = std::numeric_limits<int64_t>::max();  // no_follow: up to this one
};

// INVALID_ARGUMENT: neither an experiment nor runs, or both, or a cursor that no event has had yet.
absl::StatusOr<WatchPosition> ResolveWatch(store::Reader& reader, const v1::WatchRequest& request);

// The next events after the position's cursor, which stays as it is.
absl::StatusOr<store::EventPage> ReadWatchPage(store::Reader& reader, const WatchPosition& position,
                                               int limit);

}  // namespace fp4::rpc
