#include "server/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "base/listen.h"
#include "server/rpc/acceptor.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/call_metrics.h"
#include "server/rpc/checkpoint_service.h"
#include "server/rpc/experiment_service.h"
#include "server/rpc/worker_service.h"
#include "wire/library_log.h"

namespace fp4::rpc {
namespace {

// A batch of events with the resolved document among them; far above what a worker sends at once.
constexpr int kMaxRequestBytes = 16 << 20;
constexpr auto kShutdownGrace = std::chrono::seconds(5);

void SetUpLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    wire::RouteLibraryLogs();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void Configure(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  // A peer whose host has died is found by pings, and peers may ping us as often.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
}

}  // namespace

struct Server::Parts {
  Parts(const Backends& backends, const Clock& clock)
      : experiments(backends, open_calls),
        workers(backends.store, backends.artifacts.folder(), open_calls),
        checkpoints(backends.store, backends.artifacts, open_calls),
        admin(backends, clock) {}

  OpenCalls open_calls;
  ExperimentService experiments;
  WorkerService workers;
  CheckpointService checkpoints;
  AdminService admin;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Acceptor> acceptor;  // last: ends first
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const HostPort& address,
                                                      const Backends& backends,
                                                      telemetry::MetricRegistry& registry,
                                                      const Clock& clock) {
  SetUpLibrary();
  auto parts = std::make_unique<Parts>(backends, clock);
  grpc::ServerBuilder builder;
  Configure(builder);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<CallMetricsFactory>(registry, clock));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  builder.RegisterService(&parts->experiments);
  builder.RegisterService(&parts->workers);
  builder.RegisterService(&parts->checkpoints);
  builder.RegisterService(&parts->admin);
  HostPort bound = address;
  absl::StatusOr<std::vector<UniqueFd>> sockets = ListenOn(bound);
  if (!sockets.ok()) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address.ToString(), ": ", sockets.status().message(),
                     ": the port is in use, or the address is not one of this machine"));
  }
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr) return absl::InternalError("the gRPC server cannot be started");
  parts->acceptor = std::make_unique<Acceptor>(*std::move(sockets), *parts->server, clock);
  return std::unique_ptr<Server>(new Server(bound, std::move(parts)));
}

Server::Server(HostPort address, std::unique_ptr<Parts> parts)
    : address_(std::move(address)), parts_(std::move(parts)) {}

absl::Status Server::Health() const { return parts_->acceptor->Health(); }

Server::~Server() {
  parts_->acceptor.reset();
  if (auto* health = parts_->server->GetHealthCheckService()) health->Shutdown();
  parts_->open_calls.EndAll();
  parts_->server->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
  parts_->server->Wait();
}

}  // namespace fp4::rpc
