#include "client/rpc_status.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "base/reasons.h"
#include "client/errors.h"
#include "wire/status.h"

namespace fp4::client {
namespace {

spec::Problem ProblemAt(int line, int column, const std::string& path, const std::string& message,
                        const std::string& override_text = "") {
  return {.path = path,
          .line = line,
          .column = column,
          .message = message,
          .override_text = override_text};
}

TEST(RpcStatusTest, AProblemIsPrintedAtItsPlace) {
  EXPECT_EQ(FormatProblem(ProblemAt(3, 14, "model.preset", "is 'mikro'"), "a.json"),
            "a.json:3:14: error: model.preset: is 'mikro'");
  EXPECT_EQ(FormatProblem(ProblemAt(1, 1, "x", "no such field", "x=1"), "a.json"),
            "a.json: error: --set x=1: no such field");
  EXPECT_EQ(FormatProblem(ProblemAt(0, 0, "data.paths", "'/x' is outside"), "a.json"),
            "a.json: error: data.paths: '/x' is outside");
  // A text that looks like a place is none.
  EXPECT_EQ(FormatProblem(ProblemAt(0, 0, "", "1:2: odd"), "a.json"), "a.json: error: 1:2: odd");
}

TEST(RpcStatusTest, SaysWhereNobodyAnswered) {
  // Longer than what a string keeps within itself.
  const std::string address = "a-host-with-a-long-name.invalid:4404";
  EXPECT_EQ(FromRpc({grpc::StatusCode::UNAVAILABLE, "failed to connect to all addresses"}, address)
                .message(),
            "no controller answers at " + address);
  const absl::Status other = FromRpc({grpc::StatusCode::UNIMPLEMENTED, ""}, address);
  EXPECT_NE(other.message().find(address), absl::string_view::npos) << other;
  EXPECT_TRUE(FromRpc(grpc::Status::OK, address).ok());
}

TEST(ReportErrorTest, AnErrorAboutARequestSpeaksOfNoDocument) {
  const std::vector<wire::FieldViolation> violations = {{"reference", "'zzz' is not a variant"}};
  const absl::Status status = wire::InvalidFields(reason::kInvalidArgument,
                                                  "reference: 'zzz' is not a variant", violations);
  std::ostringstream err;
  EXPECT_EQ(ReportError(FromRpc(wire::ToGrpcStatus(status), "h:1"), err, "document"),
            ExitCode::kUsage);
  EXPECT_EQ(err.str(), "fp4ctl: reference: 'zzz' is not a variant\n");
}

TEST(ReportErrorTest, HasANextStepAndAnExitCodeForEachKind) {
  struct Case {
    absl::Status status;
    ExitCode code;
    std::string text;
  };
  const Case cases[] = {
      {absl::UnavailableError("no controller answers at h:1"), ExitCode::kUnreachable, "fp4ctl up"},
      {ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotFound, "no run 'x'"),
       ExitCode::kNotFound, "fp4ctl ls"},
      {ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kRunsActive,
                       "1 run is active"),
       ExitCode::kFailed, "fp4ctl cancel"},
      {absl::InvalidArgumentError("open a.json: No such file"), ExitCode::kUsage, "a.json"},
      {absl::InternalError("disk"), ExitCode::kFailed, "disk"},
  };
  for (const Case& one : cases) {
    std::ostringstream err;
    EXPECT_EQ(ReportError(one.status, err), one.code) << one.status;
    EXPECT_NE(err.str().find(one.text), std::string::npos) << err.str();
  }
}

}  // namespace
}  // namespace fp4::client
