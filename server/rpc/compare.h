// What Compare answers, apart from gRPC.
#pragma once

#include "absl/status/statusor.h"
#include "fp4/v1/experiments.pb.h"
#include "server/store/reader.h"

namespace fp4::rpc {

// INVALID_ARGUMENT, naming the field: a reference that is no variant, a metric that no run has, a
// margin that is negative or not finite, more last values than any run has, and times of several
// machines.
absl::StatusOr<v1::CompareResponse> Compare(store::Reader& reader,
                                            const v1::CompareRequest& request);

}  // namespace fp4::rpc
