#include "wire/channel.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "fp4/v1/workers.grpc.pb.h"

namespace fp4::wire {
namespace {

TEST(OpenChannel, ReachesAServerThoughAWebProxyIsSet) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  v1::WorkerService::CallbackService service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  const auto server = builder.BuildAndStart();
  const auto channel = OpenChannel("127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(
      channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)));
  unsetenv("http_proxy");
  server->Shutdown();
}

}  // namespace
}  // namespace fp4::wire
