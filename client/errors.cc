#include "client/errors.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "client/rpc_status.h"
#include "wire/status.h"

namespace fp4::client {
namespace {

constexpr char kPrintedPayload[] = "fp4lab/printed";

// What to do about it; empty when the message says all.
std::string NextStep(const absl::Status& status) {
  const std::string reason = ReasonOf(status).value_or("");
  if (reason == reason::kNotFound) return "`fp4ctl ls` and `fp4ctl ls --runs` list what there is";
  if (reason == reason::kAmbiguousId) return "give more characters of the id";
  if (reason == reason::kPathNotAllowed) {
    return "start the daemon with --allow-path FOLDER for the folder of the data";
  }
  if (reason == reason::kRunsActive) return "`fp4ctl cancel ID` first";
  if (!reason.empty()) return "";
  if (absl::IsUnavailable(status)) {
    return "start one with `fp4ctl up`, or name one with --controller HOST:PORT or FP4_CONTROLLER";
  }
  if (absl::IsDeadlineExceeded(status)) return "`fp4ctl status` shows whether it is well";
  return "";
}

ExitCode CodeFor(const absl::Status& status) {
  if (absl::IsNotFound(status)) return ExitCode::kNotFound;
  if (absl::IsInvalidArgument(status)) return ExitCode::kUsage;
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    return ExitCode::kUnreachable;
  }
  return ExitCode::kFailed;
}

}  // namespace

ExitCode ReportError(const absl::Status& status, std::ostream& err,
                     const std::string& document_name) {
  if (status.GetPayload(kPrintedPayload).has_value()) return CodeFor(status);
  const std::vector<spec::Problem> problems = wire::ProblemsOf(status);
  for (const spec::Problem& problem : problems) {
    err << FormatProblem(problem, document_name) << "\n";
  }
  if (problems.empty()) err << "fp4ctl: " << std::string(status.message()) << "\n";
  if (std::string next = NextStep(status); !next.empty()) err << "  " << next << "\n";
  return CodeFor(status);
}

absl::Status BadDocument() {
  absl::Status status = absl::InvalidArgumentError("bad document");
  status.SetPayload(kPrintedPayload, absl::Cord());
  return status;
}

}  // namespace fp4::client
