// Errors of calls as people read them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "spec/document.h"

namespace grpc {
class Status;
}

namespace fp4::client {

// wire::FromGrpcStatus, with words of our own where the library speaks: an error without a reason
// was not sent by a controller. It names `address`, and the program exits with 3.
absl::Status FromRpc(const grpc::Status& status, const std::string& address);

// "FILE:LINE:COLUMN: error: PATH: what is wrong"; without a place the numbers are left out. Of an
// override: "FILE: error: --set TEXT: what is wrong".
std::string FormatProblem(const spec::Problem& problem, const std::string& document_name);

}  // namespace fp4::client
