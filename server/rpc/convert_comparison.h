// Comparisons, between store, core and wire. Part of the conversion layer.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "fp4/v1/experiments.pb.h"
#include "server/core/compare.h"
#include "server/store/records.h"

namespace fp4::rpc {

core::RunResult FromStored(const store::CompareInput& input);

// INVALID_ARGUMENT for an axis that this program does not know.
absl::StatusOr<core::ComparisonAxis> FromProto(v1::ComparisonAxis axis);

v1::CompareResponse ToProto(const core::Comparison& comparison,
                            const core::ComparisonQuestion& question,
                            const std::string& experiment_id);

}  // namespace fp4::rpc
