#include "client/rpc_status.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/reasons.h"
#include "client/errors.h"
#include "tests/client/support/fake_service.h"

namespace fp4::client {
namespace {

TEST(RpcStatusTest, KeepsReasonAndViolations) {
  const absl::Status status =
      FromRpc(RpcError(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_DOCUMENT", "2 problems",
                       {{"model.preset", "3:14: is 'mikro'"}, {"x", "--set x=1: no such field"}}),
              "127.0.0.1:4404");
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(ReasonOf(status), reason::kInvalidDocument);
  const auto violations = ViolationsOf(status);
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(FormatViolation(violations[0], "a.json"),
            "a.json:3:14: error: model.preset: is 'mikro'");
  EXPECT_EQ(FormatViolation(violations[1], "a.json"), "a.json: error: --set x=1: no such field");
}

TEST(RpcStatusTest, SaysWhereNobodyAnswered) {
  const absl::Status status =
      FromRpc({grpc::StatusCode::UNAVAILABLE, "failed to connect to all addresses"}, "host:4404");
  EXPECT_EQ(status.message(), "no controller answers at host:4404");
  EXPECT_TRUE(FromRpc(grpc::Status::OK, "host:4404").ok());
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
