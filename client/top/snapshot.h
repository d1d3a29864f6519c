// What `fp4ctl top` shows at one moment.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/connection.h"

namespace fp4::client {

struct TopSnapshot {
  std::string address;  // of the controller
  absl::Time time;
  std::vector<v1::Run> active;  // leased ones first, then those that wait, in the queue's order
  std::vector<v1::Run> failed;  // the newest few
  v1::ListWorkersResponse workers;
  int64_t num_queued = 0;  // all that wait, also those that are not in `active`
};

// A few calls, none of which reads metrics.
absl::StatusOr<TopSnapshot> ReadSnapshot(Connection& connection);

// How fast runs go, from snapshot to snapshot. Not thread-safe.
class Paces {
 public:
  void Add(const TopSnapshot& snapshot);
  // At the pace of the last minute; nothing while that is not known.
  std::optional<absl::Duration> TimeLeft(const v1::Run& run) const;

 private:
  struct Sample {
    absl::Time time;
    int64_t step = 0;
  };
  std::map<std::string, std::vector<Sample>> samples_;  // by run, the oldest first
};

}  // namespace fp4::client
