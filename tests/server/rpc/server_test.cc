#include "server/rpc/server.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <tuple>

#include "base/listen.h"
#include "server/rpc/acceptor.h"
#include "tests/server/rpc/raw_call.h"
#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::HasSubstr;

TEST(Server, ATakenPortIsAnError) {
  TestServer first;
  telemetry::MetricRegistry registry;
  const auto second = Server::Start(first.address(), first.backends(), registry, SystemClock());
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

TEST(Server, ARequestThatDoesNotParseIsAnInvalidArgument) {
  TestServer server;
  // A string field of each that is not UTF-8.
  const std::pair<std::string, std::string> not_utf8[] = {
      {"ExperimentService/GetRun", "\x0a\x01\xe9"},
      {"ExperimentService/Watch", "\x12\x01\xe9"},
      {"ExperimentService/CreateExperiment", "\x0a\x01\xe9"},
      {"WorkerService/Register", "\x12\x01\xe9"}};
  for (const auto& [method, bytes] : not_utf8) {
    for (const std::string& each : {bytes, std::string("\xff\xff\xff"), std::string("\x0a\x7f")}) {
      const grpc::Status status = RawCall(server.channel(), "/fp4.v1." + method, each);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << method;
      EXPECT_EQ(ReasonOfCall(status), "INVALID_ARGUMENT") << method;
      EXPECT_THAT(status.error_message(), HasSubstr(method));
    }
  }
  // What there is not stays what it is.
  EXPECT_EQ(RawCall(server.channel(), "/fp4.v1.ExperimentService/NoSuchCall", {}).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

UniqueFd ConnectTo(const HostPort& address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(address.port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // One that fails takes its descriptor all the same.
  std::ignore = connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to);
  return fd;
}

// The descriptors of both ends are this process's.
TEST(Server, ServesAgainAfterDescriptorsHaveRunOut) {
  TestServer server;
  server.Submit();
  const int free = UniqueFd(dup(0)).get();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = static_cast<rlim_t>(free + kReservedDescriptors + 10),
                   .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<UniqueFd> connections;
  for (int i = 0; i < 100 && server.Health().ok(); ++i) {
    connections.push_back(ConnectTo(server.address()));
    for (int wait = 0; wait < 20 && server.Health().ok() && !connections.back().valid(); ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  EXPECT_EQ(server.Health().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(server.Health().message()), HasSubstr("descriptors none is left"));
  connections.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  const auto channel =
      grpc::CreateChannel(server.address().ToString(), grpc::InsecureChannelCredentials());
  v1::ExperimentService::Stub stub(channel);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::ListExperimentsResponse response;
  EXPECT_TRUE(stub.ListExperiments(&context, {}, &response).ok());
  EXPECT_EQ(response.experiments_size(), 1);
}

}  // namespace
}  // namespace fp4::rpc
