#include "client/rpc_status.h"

#include <grpcpp/support/status.h>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "client/errors.h"
#include "wire/status.h"

namespace fp4::client {
namespace {

// Our controllers give a reason with every error: this one comes from gRPC itself or from another
// program.
std::string WordsFor(const absl::Status& error, const std::string& address) {
  if (absl::IsUnavailable(error)) return absl::StrCat("no controller answers at ", address);
  if (absl::IsDeadlineExceeded(error)) {
    return absl::StrCat("the controller at ", address, " has not answered in time");
  }
  return absl::StrCat("what answers at ", address,
                      " is no fp4lab controller, or one of another release: ", error.message());
}

}  // namespace

absl::Status FromRpc(const grpc::Status& status, const std::string& address) {
  absl::Status error = wire::FromGrpcStatus(status);
  if (error.ok() || ReasonOf(error)) return error;
  return WithExitCode(absl::Status(error.code(), WordsFor(error, address)), ExitCode::kUnreachable);
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
