#include "client/errors.h"

#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "client/rpc_status.h"
#include "wire/status.h"

namespace fp4::client {
namespace {

constexpr char kPrintedPayload[] = "fp4lab/printed";
constexpr char kExitPayload[] = "fp4lab/exit_status";

// What to do about it; empty when the message says all.
std::string NextStep(const absl::Status& status) {
  const std::string reason = ReasonOf(status).value_or("");
  if (reason == reason::kNotFound) return "`fp4ctl ls` and `fp4ctl ls --runs` list what there is";
  if (reason == reason::kAmbiguousId) return "give more characters of the id";
  if (reason == reason::kPathNotAllowed) {
    return "start the daemon with --allow-path FOLDER for the folder of the data";
  }
  if (reason == reason::kUnauthenticated) {
    return "an administrator makes tokens with `fp4ctl token create`; FP4_TOKEN_FILE names the "
           "file";
  }
  if (reason == reason::kRunsActive) return "`fp4ctl cancel ID` first";
  if (!reason.empty()) return "";
  if (ExitCodeFor(status) != ExitCode::kUnreachable) return "";
  if (absl::IsUnavailable(status)) {
    return "start one with `fp4ctl up`, or name one with --controller HOST:PORT or FP4_CONTROLLER";
  }
  if (absl::IsDeadlineExceeded(status)) return "`fp4ctl status` shows whether it is well";
  return "";
}

}  // namespace

ExitCode ReportError(const absl::Status& status, std::ostream& err,
                     const std::string& document_name) {
  if (status.GetPayload(kPrintedPayload).has_value()) return ExitCodeFor(status);
  const std::vector<spec::Problem> problems = wire::ProblemsOf(status);
  for (const spec::Problem& problem : problems) {
    err << FormatProblem(problem, document_name) << "\n";
  }
  if (problems.empty()) err << "fp4ctl: " << std::string(status.message()) << "\n";
  if (std::string next = NextStep(status); !next.empty()) err << "  " << next << "\n";
  return ExitCodeFor(status);
}

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  status.SetPayload(kExitPayload, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

absl::Status Unreachable(const std::string& message) {
  return WithExitCode(absl::UnavailableError(message), ExitCode::kUnreachable);
}

absl::Status NoSuch(const std::string& message) {
  return WithExitCode(absl::NotFoundError(message), ExitCode::kNotFound);
}

ExitCode ExitCodeFor(const absl::Status& status) {
  int set = 0;
  const auto payload = status.GetPayload(kExitPayload);
  if (payload.has_value() && absl::SimpleAtoi(std::string(*payload), &set)) {
    return static_cast<ExitCode>(set);
  }
  const std::string reason = ReasonOf(status).value_or("");
  if (reason == reason::kNotFound) return ExitCode::kNotFound;
  if (reason == reason::kShuttingDown) return ExitCode::kUnreachable;
  return absl::IsInvalidArgument(status) ? ExitCode::kUsage : ExitCode::kFailed;
}

absl::Status BadDocument() {
  absl::Status status = absl::InvalidArgumentError("bad document");
  status.SetPayload(kPrintedPayload, absl::Cord());
  return status;
}

}  // namespace fp4::client
