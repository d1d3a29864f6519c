#include "server/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <deque>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "base/listen.h"
#include "base/status_macros.h"
#include "server/rpc/acceptor.h"
#include "server/rpc/access_service.h"
#include "server/rpc/admin_service.h"
#include "server/rpc/audit_trail.h"
#include "server/rpc/call_context.h"
#include "server/rpc/call_metrics.h"
#include "server/rpc/checkpoint_service.h"
#include "server/rpc/credentials.h"
#include "server/rpc/experiment_service.h"
#include "server/rpc/gate.h"
#include "server/rpc/worker_service.h"
#include "wire/library_log.h"
#include "wire/services.h"

namespace fp4::rpc {
namespace {

// A batch of events with the resolved document among them; far above what a worker sends at once.
constexpr int kMaxRequestBytes = 16 << 20;
// A request has a few short fields beside its message; more would be a bomb.
constexpr int kMaxMetadataBytes = 16 << 10;
// Calls at a time on one connection.
constexpr int kMaxStreams = 256;
// A connection that is not secured and greeted by then is closed, and one without a call after so
// long; clients connect again with their next call.
constexpr int kHandshakeMs = 10'000, kIdleMs = 10 * 60'000;
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
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  // Nobody of ours compresses; what is small on the way and large in memory is refused.
  for (grpc_compression_algorithm algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  // A peer whose host has died is found by pings, and peers may ping us as often.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
}

}  // namespace

struct Server::Parts {
  Parts(const Backends& backends, const Clock& clock)
      : audit(backends.store, backends.gatekeeper, clock),
        experiments(backends, open_calls),
        workers(backends.store, backends.artifacts.folder(), open_calls),
        checkpoints(backends.store, backends.artifacts, open_calls),
        admin(backends, clock),
        access(backends, audit) {
    const std::map<std::string, grpc::Service*> services = {
        {v1::ExperimentService::service_full_name(), &experiments},
        {v1::WorkerService::service_full_name(), &workers},
        {v1::CheckpointService::service_full_name(), &checkpoints},
        {v1::AdminService::service_full_name(), &admin},
        {v1::AccessService::service_full_name(), &access}};
    for (const google::protobuf::ServiceDescriptor* service : wire::Services()) {
      gates.emplace_back(*services.at(service->full_name()), *service, backends.gatekeeper);
    }
  }

  OpenCalls open_calls;
  AuditTrail audit;
  ExperimentService experiments;
  WorkerService workers;
  CheckpointService checkpoints;
  AdminService admin;
  AccessService access;
  std::deque<Gate> gates;  // the services as the server knows them
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> entrance;
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
  interceptors.push_back(std::make_unique<CallMetricsFactory>(registry, clock, parts->audit));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  builder.SetContextAllocator(MakeCallContexts());
  for (Gate& gate : parts->gates) builder.RegisterService(&gate);
  FP4_ASSIGN_OR_RETURN(const auto credentials, MakeServerCredentials(backends.tls));
  using Entrance = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  parts->entrance =
      builder.experimental().AddExternalConnectionAcceptor(Entrance::FROM_FD, credentials);
  HostPort bound = address;
  absl::StatusOr<std::vector<UniqueFd>> sockets = ListenOn(bound);
  if (!sockets.ok()) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address.ToString(), ": ", sockets.status().message(),
                     ": the port is in use, or the address is not one of this machine"));
  }
  parts->server = builder.BuildAndStart();
  if (parts->server == nullptr) return absl::InternalError("the gRPC server cannot be started");
  parts->acceptor = std::make_unique<Acceptor>(*std::move(sockets), *parts->entrance, clock);
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
