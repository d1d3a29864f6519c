// From the text that a user submits to what the store is asked.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/allowed_roots.h"
#include "fp4/v1/experiments.pb.h"
#include "server/store/requests.h"

namespace fp4::rpc {

// INVALID_ARGUMENT, with one violation for each problem: INVALID_DOCUMENT (also for a relative
// path: only the client knows the document's folder), PATH_NOT_ALLOWED for files outside `roots`.
// Follows links on the disk: not for a thread of gRPC.
absl::StatusOr<store::NewExperiment> ReadCreateRequest(const v1::CreateExperimentRequest& request,
                                                       std::string created_by,
                                                       const AllowedRoots& roots);

}  // namespace fp4::rpc
