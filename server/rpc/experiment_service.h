// What users call (proto/fp4/v1/experiments.proto). Handlers parse, ask the store, convert; none
// waits.
#pragma once

#include "fp4/v1/experiments.grpc.pb.h"
#include "server/rpc/backends.h"
#include "server/rpc/commit_signal.h"
#include "server/rpc/open_calls.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Thread-safe. What backends refers to and open calls outlive the service, the service outlives the
// server.
class ExperimentService final : public v1::ExperimentService::CallbackService {
 public:
  ExperimentService(const Backends& backends, OpenCalls& open_calls)
      : store_(backends.store),
        roots_(backends.roots),
        disk_(backends.disk),
        open_calls_(open_calls),
        commits_(store_) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  Reactor* CreateExperiment(Context* context, const v1::CreateExperimentRequest* request,
                            v1::CreateExperimentResponse* response) override;
  Reactor* GetExperiment(Context* context, const v1::GetExperimentRequest* request,
                         v1::Experiment* response) override;
  Reactor* ListExperiments(Context* context, const v1::ListExperimentsRequest* request,
                           v1::ListExperimentsResponse* response) override;
  Reactor* CancelExperiment(Context* context, const v1::CancelExperimentRequest* request,
                            v1::Experiment* response) override;
  Reactor* DeleteExperiment(Context* context, const v1::DeleteExperimentRequest* request,
                            v1::DeleteExperimentResponse* response) override;
  Reactor* GetRun(Context* context, const v1::GetRunRequest* request, v1::Run* response) override;
  Reactor* ListRuns(Context* context, const v1::ListRunsRequest* request,
                    v1::ListRunsResponse* response) override;
  Reactor* CancelRun(Context* context, const v1::CancelRunRequest* request,
                     v1::Run* response) override;
  Reactor* RetryRun(Context* context, const v1::RetryRunRequest* request,
                    v1::Run* response) override;
  grpc::ServerWriteReactor<v1::Event>* Watch(Context* context,
                                             const v1::WatchRequest* request) override;
  Reactor* QueryMetrics(Context* context, const v1::QueryMetricsRequest* request,
                        v1::QueryMetricsResponse* response) override;
  Reactor* Compare(Context* context, const v1::CompareRequest* request,
                   v1::CompareResponse* response) override;
  Reactor* ListQueue(Context* context, const v1::ListQueueRequest* request,
                     v1::ListQueueResponse* response) override;
  Reactor* ListWorkers(Context* context, const v1::ListWorkersRequest* request,
                       v1::ListWorkersResponse* response) override;
  Reactor* ForgetWorker(Context* context, const v1::ForgetWorkerRequest* request,
                        v1::ForgetWorkerResponse* response) override;

  // Finishes with what `query`, an absl::StatusOr<Message>(store::Reader&), finds on a reader's
  // thread.
  template <typename Message, typename Query>
  void Read(Reactor* reactor, Message* response, Query query);
  // The same for a call that only reads.
  template <typename Message, typename Query>
  Reactor* AnswerByRead(Context* context, Message* response, Query query);
  // Calls `act` with the full id of what `find` (Reader::ProjectOfRun or ProjectOfExperiment)
  // finds, if the caller may change that; else finishes. `id` as it is for who may change
  // everything.
  void WhereAllowed(Context* context, Reactor* reactor, const std::string& id,
                    absl::StatusOr<store::OwnedId> (store::Reader::*find)(std::string_view),
                    std::function<void(const std::string& id)> act);
  // For the store's answer to a change: the changed run or experiment as it is now stored.
  store::Done<std::string> FinishWithRun(Reactor* reactor, v1::Run* response);
  store::Done<std::string> FinishWithExperiment(Reactor* reactor, v1::Experiment* response);

  store::Store& store_;
  const AllowedRoots roots_;
  const artifacts::DiskGuard& disk_;
  OpenCalls& open_calls_;
  CommitSignal commits_;
};

}  // namespace fp4::rpc
