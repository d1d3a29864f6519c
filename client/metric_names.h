#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"

namespace fp4::client {

// Which metrics the runs have. Those of an experiment measure the same: the first that has begun
// tells. Empty when none has.
absl::StatusOr<std::vector<std::string>> MetricNames(const std::vector<v1::Run>& runs,
                                                     Connection& connection);

// To say of a metric without a value: OK when it is one of `names`, or when there are no names
// because nothing has been measured yet; else an error (exit status 4) that says which there are.
absl::Status CheckMetricName(const std::string& name, const std::vector<std::string>& names);

}  // namespace fp4::client
