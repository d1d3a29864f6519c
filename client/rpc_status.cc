#include "client/rpc_status.h"

#include <grpcpp/support/status.h>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "wire/status.h"

namespace fp4::client {

absl::Status FromRpc(const grpc::Status& status, const std::string& address) {
  const absl::Status error = wire::FromGrpcStatus(status);
  if (error.ok() || ReasonOf(error)) return error;
  if (absl::IsUnavailable(error)) {
    return absl::UnavailableError(absl::StrCat("no controller answers at ", address));
  }
  if (absl::IsUnimplemented(error)) {
    return absl::UnimplementedError(
        absl::StrCat("what answers at ", address,
                     " is no fp4lab controller, or one of another release: ", error.message()));
  }
  return error;
}

std::string FormatProblem(const spec::Problem& problem, const std::string& document_name) {
  std::string line = document_name;
  if (problem.line > 0 && problem.override_text.empty()) {
    absl::StrAppend(&line, ":", problem.line, ":", problem.column);
  }
  absl::StrAppend(&line, ": error: ");
  // The text of an override names the field.
  if (!problem.override_text.empty()) {
    absl::StrAppend(&line, "--set ", problem.override_text, ": ");
  } else if (!problem.path.empty()) {
    absl::StrAppend(&line, problem.path, ": ");
  }
  return absl::StrCat(line, problem.message);
}

}  // namespace fp4::client
