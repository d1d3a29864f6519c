#include "server/rpc/server.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::HasSubstr;

TEST(Server, ATakenPortIsAnError) {
  TestServer first;
  telemetry::MetricRegistry registry;
  const auto second =
      Server::Start(first.address(), AllowedRoots({}), first.store(), registry, SystemClock());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(second.status().ToString(),
              HasSubstr("cannot listen on " + first.address().ToString()));
}

TEST(Server, CountsCallsByMethodAndCode) {
  TestServer server;
  server.Submit();
  grpc::ClientContext context;
  v1::GetRunRequest request;
  request.set_id("zzzzzzzz");
  v1::Run run;
  server.experiments().GetRun(&context, request, &run);
  server.StopServer();  // all that a call counts has been counted
  const std::string text = server.registry().Text();
  EXPECT_THAT(text,
              HasSubstr("fp4_controller_rpc_calls_total{code=\"OK\",method=\"ExperimentService/"
                        "CreateExperiment\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("fp4_controller_rpc_calls_total{code=\"NOT_FOUND\",method=\""
                              "ExperimentService/GetRun\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("fp4_controller_rpc_duration_seconds_count{method=\"ExperimentService/"
                        "GetRun\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("fp4_controller_rpc_in_flight{method=\"ExperimentService/GetRun\"} 0\n"));
}

TEST(Server, AMessageThatIsTooLargeIsRefusedNotFatal) {
  TestServer server;
  grpc::ClientContext context;
  v1::CreateExperimentRequest request;
  request.set_document(std::string(17 << 20, ' '));
  v1::CreateExperimentResponse response;
  const grpc::Status status = server.experiments().CreateExperiment(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  server.Submit();
}

}  // namespace
}  // namespace fp4::rpc
