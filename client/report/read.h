#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/comparison_options.h"
#include "client/connection.h"
#include "client/report/data.h"

namespace fp4::client::report {

// Asks for what a report needs and no more: very long curves are thinned by the controller,
// statistics of layers come from one run of a variant, of eight variants at most. An experiment
// without runs or points gives data without them.
absl::StatusOr<Data> ReadData(const std::string& experiment, const ComparisonOptions& options,
                              Connection& connection);

}  // namespace fp4::client::report
