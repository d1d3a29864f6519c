// What is compared with what, and where: the options that `compare` and `report` share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/verb.h"

namespace fp4::client {

struct ComparisonOptions {
  std::string metric, reference, at;
  // A number in the metric's unit, or a share of the reference's mean: "2.5%".
  std::string margin = "none";
  int64_t last = 0;

  // For the command line; they write into this object, which must outlive them.
  std::vector<Option> Options();
  // What the command line's own checks leave; before anything is asked from a controller.
  absl::Status Check() const;
};

// The controller's answer. What it refuses is told by the option's name; a metric that no run has
// is an error that says which there are, and so is a share of a mean that there is not yet.
absl::StatusOr<v1::CompareResponse> AskComparison(const std::string& experiment,
                                                  const ComparisonOptions& options,
                                                  Connection& connection);

}  // namespace fp4::client
