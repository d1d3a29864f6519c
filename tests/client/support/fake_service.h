#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "fp4/v1/experiments.grpc.pb.h"
#include "spec/document.h"

namespace grpc {
class Server;
}

namespace fp4::client {

// An ExperimentService in memory, on a port of its own, that plays what a test puts in.
// Thread-safe.
class FakeService final : public v1::ExperimentService::Service {
 public:
  // `address`: where it listens; port 0: any.
  explicit FakeService(const std::string& address = "127.0.0.1:0");
  ~FakeService() override;

  std::string address() const { return address_; }

  void SetExperiment(const v1::Experiment& experiment);
  // Gives the event the next cursor, applies a change of state to its run, and wakes watchers.
  void Add(v1::Event event);
  // The next watch breaks with UNAVAILABLE after so many events.
  void BreakWatchAfter(int events);
  // What CreateExperiment answers instead of the experiment.
  void FailCreate(const grpc::Status& status);
  // What Compare answers instead of a comparison.
  void FailCompare(const grpc::Status& status);
  // Where the one worker says that it is.
  void SetWorkerHost(const std::string& host);
  void SetComparison(const v1::CompareResponse& comparison);
  void SetSeries(const v1::Series& series);
  void SetQueue(const v1::ListQueueResponse& queue);

  std::vector<v1::WatchRequest> watch_requests();
  v1::CreateExperimentRequest create_request();

  grpc::Status CreateExperiment(grpc::ServerContext*, const v1::CreateExperimentRequest*,
                                v1::CreateExperimentResponse*) override;
  grpc::Status GetExperiment(grpc::ServerContext*, const v1::GetExperimentRequest*,
                             v1::Experiment*) override;
  grpc::Status ListExperiments(grpc::ServerContext*, const v1::ListExperimentsRequest*,
                               v1::ListExperimentsResponse*) override;
  grpc::Status CancelExperiment(grpc::ServerContext*, const v1::CancelExperimentRequest*,
                                v1::Experiment*) override;
  grpc::Status DeleteExperiment(grpc::ServerContext*, const v1::DeleteExperimentRequest*,
                                v1::DeleteExperimentResponse*) override;
  grpc::Status GetRun(grpc::ServerContext*, const v1::GetRunRequest*, v1::Run*) override;
  grpc::Status ListRuns(grpc::ServerContext*, const v1::ListRunsRequest*,
                        v1::ListRunsResponse*) override;
  grpc::Status Watch(grpc::ServerContext*, const v1::WatchRequest*,
                     grpc::ServerWriter<v1::Event>*) override;
  grpc::Status QueryMetrics(grpc::ServerContext*, const v1::QueryMetricsRequest*,
                            v1::QueryMetricsResponse*) override;
  grpc::Status Compare(grpc::ServerContext*, const v1::CompareRequest*,
                       v1::CompareResponse*) override;
  grpc::Status ListQueue(grpc::ServerContext*, const v1::ListQueueRequest*,
                         v1::ListQueueResponse*) override;
  grpc::Status ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*,
                           v1::ListWorkersResponse*) override;
  grpc::Status ForgetWorker(grpc::ServerContext*, const v1::ForgetWorkerRequest*,
                            v1::ForgetWorkerResponse*) override;

 private:
  bool AllFinished() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  v1::Experiment experiment_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::Event> events_ ABSL_GUARDED_BY(mutex_);
  int break_after_ ABSL_GUARDED_BY(mutex_) = -1;
  grpc::Status create_status_ ABSL_GUARDED_BY(mutex_);
  grpc::Status compare_status_ ABSL_GUARDED_BY(mutex_);
  std::string worker_host_ ABSL_GUARDED_BY(mutex_) = "host";
  v1::CompareResponse comparison_ ABSL_GUARDED_BY(mutex_);
  v1::Series series_ ABSL_GUARDED_BY(mutex_);
  v1::ListQueueResponse queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::WatchRequest> watch_requests_ ABSL_GUARDED_BY(mutex_);
  v1::CreateExperimentRequest create_request_ ABSL_GUARDED_BY(mutex_);
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// An error as the controller sends it.
grpc::Status RpcError(grpc::StatusCode code, const std::string& reason, const std::string& message,
                      const std::vector<spec::Problem>& problems = {});

}  // namespace fp4::client
