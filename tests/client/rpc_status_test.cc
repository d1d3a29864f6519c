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

TEST(RpcStatusTest, AnAnswerThatIsNoControllersNamesTheAddress) {
  const std::string address = "a-host-with-a-long-name.example:4404";
  for (const grpc::StatusCode code :
       {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::UNKNOWN,
        grpc::StatusCode::INTERNAL, grpc::StatusCode::DEADLINE_EXCEEDED}) {
    const absl::Status status = FromRpc({code, "Method not found!"}, address);
    EXPECT_NE(status.message().find(address), std::string::npos) << status;
    EXPECT_EQ(ExitCodeFor(status), ExitCode::kUnreachable) << status;
  }
}

}  // namespace
}  // namespace fp4::client
