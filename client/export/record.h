// What an export writes about a run.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/connection.h"

namespace fp4::client {

struct RunRecord {
  v1::Run run;                     // as GetRun gives it, with the resolved document
  std::vector<v1::Series> series;  // all of them, every point, sorted by name
  // When the numbers of an attempt's step were reported. Empty unless asked for.
  std::map<std::pair<int32_t, int64_t>, absl::Time> times;

  // Of a point; of one whose event is not there any more the run's start, else its creation.
  absl::Time TimeOf(const v1::Point& point) const;
  absl::Time StartTime() const;
};

// `with_times` reads the run's events too: as much again as the points.
absl::StatusOr<RunRecord> ReadRecord(const std::string& run_id, bool with_times,
                                     Connection& connection);

// "fp4-seed2-b2c3d4e5": the name of a run's file or folder.
std::string ExportName(const v1::Run& run);

}  // namespace fp4::client
