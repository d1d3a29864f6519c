// A store and a gRPC server in this process, and the callers that tests need.
#pragma once

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "fp4/v1/admin.grpc.pb.h"
#include "fp4/v1/checkpoints.grpc.pb.h"
#include "fp4/v1/experiments.grpc.pb.h"
#include "fp4/v1/workers.grpc.pb.h"
#include "server/rpc/server.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Two variants and two seeds.
inline constexpr char kDocument[] = R"({
  "schema_version": 1, "name": "demo",
  "model": {"preset": "micro"}, "data": {"source": "synthetic"},
  "training": {"steps": 40, "eval_interval": 20},
  "seeds": [1, 2],
  "variants": {"baseline": {}, "fp4": {"precision": {"default": "fp4"}}}
})";

class TestServer {
 public:
  explicit TestServer(std::vector<std::filesystem::path> roots = {"/"});
  ~TestServer();

  // Ends the server and the store, and starts them again on the same data, at another port.
  void Restart();
  // Ends the server only.
  void StopServer() { server_.reset(); }

  v1::ExperimentService::Stub& experiments() { return *experiments_; }
  v1::WorkerService::Stub& workers() { return *workers_; }
  v1::CheckpointService::Stub& checkpoints() { return *checkpoints_; }
  v1::AdminService::Stub& admin() { return *admin_; }
  access::Gatekeeper& gatekeeper() { return gatekeeper_; }
  const std::filesystem::path& folder() const { return folder_; }
  Backends backends();
  artifacts::ArtifactStore& artifacts() { return *artifacts_; }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }
  const HostPort& address() const { return server_->address(); }
  store::Store& store() { return *store_; }
  absl::Status Health() const { return server_->Health(); }
  telemetry::MetricRegistry& registry() { return registry_; }

  // Creates kDocument's experiment (or another's); a test failure when that fails.
  v1::Experiment Submit(const std::string& document = kDocument);
  v1::Run GetRun(const std::string& id);
  // All that a watch delivers until it ends; its status in `status`.
  std::vector<v1::Event> WatchAll(const v1::WatchRequest& request, grpc::Status* status = nullptr);

 private:
  void Start();

  const std::vector<std::filesystem::path> roots_;
  const std::filesystem::path folder_;
  telemetry::MetricRegistry registry_;
  const artifacts::DiskGuard disk_;
  access::Gatekeeper gatekeeper_{SystemClock(), /*required=*/false};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<artifacts::ArtifactStore> artifacts_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ExperimentService::Stub> experiments_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
  std::unique_ptr<v1::CheckpointService::Stub> checkpoints_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

// A worker that does what a test says.
class TestWorker {
 public:
  TestWorker(v1::WorkerService::Stub& stub, std::string name, int num_slots);

  // Waits until there is work for a slot or a run to stop.
  v1::AcquireResponse Acquire(absl::Duration wait = absl::Seconds(20));
  // The next assignments, one for each call; a test failure when there is none.
  v1::Assignment Take();
  grpc::Status Report(const v1::Assignment& run, const std::vector<v1::Event>& events,
                      v1::ReportEventsResponse* response = nullptr);
  grpc::Status Exit(const v1::Assignment& run, int exit_code);
  // Started, `num_steps` metrics events, a val/loss, finished; then the exit.
  void RunToCompletion(const v1::Assignment& run, int num_steps, double loss = 2.0);
  // As if the answers with what is held had been lost.
  void Forget() { held_.clear(); }

  v1::AcquireRequest AcquireRequest(absl::Duration wait) const;
  const std::string& id() const { return id_; }

 private:
  v1::WorkerService::Stub& stub_;
  std::string id_, incarnation_;
  std::vector<v1::Held> held_;
  std::vector<v1::Assignment> untaken_;
};

v1::Event MetricsAt(int64_t seq, int attempt, int64_t step, const std::string& name, double value);
v1::Event StartedAt(int64_t seq, int attempt, const std::string& json = "{}");
v1::Event FinishedAt(int64_t seq, int attempt, const std::string& status = "completed");

// The reason of an error's ErrorInfo; empty without one.
std::string ReasonOfCall(const grpc::Status& status);

}  // namespace fp4::rpc
