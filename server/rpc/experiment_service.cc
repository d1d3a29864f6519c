#include "server/rpc/experiment_service.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "server/rpc/call_context.h"
#include "server/rpc/compare.h"
#include "server/rpc/convert_experiment.h"
#include "server/rpc/convert_worker.h"
#include "server/rpc/create_experiment.h"
#include "server/rpc/explain_waiting.h"
#include "server/rpc/finish.h"
#include "server/rpc/queries.h"
#include "server/rpc/watch.h"

namespace fp4::rpc {
namespace {

absl::Status CheckProject(const access::Caller& caller, const std::string& project) {
  if (caller.MayChangeProject(project)) return absl::OkStatus();
  return access::Denied(absl::StrCat("'", caller.name, "' may change experiments of ",
                                     absl::StrJoin(caller.projects, ", "), " only, and this is of ",
                                     project));
}

// With the first page of its runs.
absl::StatusOr<v1::Experiment> FindExperiment(store::Reader& reader, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(const auto experiment, reader.GetExperiment(id));
  return ToProto(experiment);
}

// The runs that an answer holds.
std::vector<v1::Run*> RunsOf(google::protobuf::Message&) { return {}; }
std::vector<v1::Run*> RunsOf(v1::Run& run) { return {&run}; }
std::vector<v1::Run*> RunsOf(v1::Experiment& experiment) {
  return {experiment.mutable_runs()->pointer_begin(), experiment.mutable_runs()->pointer_end()};
}
std::vector<v1::Run*> RunsOf(v1::ListRunsResponse& response) {
  return {response.mutable_runs()->pointer_begin(), response.mutable_runs()->pointer_end()};
}

}  // namespace

template <typename Message, typename Query>
void ExperimentService::Read(Reactor* reactor, Message* response, Query query) {
  store_.Read([=, this](store::Reader& reader) {
    absl::StatusOr<Message> message = query(reader);
    if (!message.ok()) return reactor->Finish(wire::ToGrpcStatus(message.status()));
    *response = *std::move(message);
    ExplainWaiting(store_, RunsOf(*response), [=] { reactor->Finish(grpc::Status::OK); });
  });
}

template <typename Message, typename Query>
grpc::ServerUnaryReactor* ExperimentService::AnswerByRead(Context* context, Message* response,
                                                          Query query) {
  Reactor* reactor = context->DefaultReactor();
  Read(reactor, response, std::move(query));
  return reactor;
}

store::Done<std::string> ExperimentService::FinishWithRun(Reactor* reactor, v1::Run* response) {
  return [=, this](absl::StatusOr<std::string> id) {
    if (!id.ok()) return reactor->Finish(wire::ToGrpcStatus(id.status()));
    Read(reactor, response, [id = *id](store::Reader& reader) { return rpc::GetRun(reader, id); });
  };
}

store::Done<std::string> ExperimentService::FinishWithExperiment(Reactor* reactor,
                                                                 v1::Experiment* response) {
  return [=, this](absl::StatusOr<std::string> id) {
    if (!id.ok()) return reactor->Finish(wire::ToGrpcStatus(id.status()));
    Read(reactor, response,
         [id = *id](store::Reader& reader) { return FindExperiment(reader, id); });
  };
}

// An experiment stays in its project, so that what was found holds when the change is made.
void ExperimentService::WhereAllowed(
    Context* context, Reactor* reactor, const std::string& id,
    absl::StatusOr<store::OwnedId> (store::Reader::*find)(std::string_view),
    std::function<void(const std::string& id)> act) {
  const access::Caller& caller = CallerOf(*context);
  if (caller.MayChangeAllProjects()) return act(id);
  store_.Read([=, caller = caller, act = std::move(act)](store::Reader& reader) {
    const absl::StatusOr<store::OwnedId> found = (reader.*find)(id);
    absl::Status status = found.status();
    if (status.ok()) status = CheckProject(caller, found->project);
    if (!status.ok()) return reactor->Finish(wire::ToGrpcStatus(status));
    act(found->id);
  });
}

grpc::ServerUnaryReactor* ExperimentService::CreateExperiment(
    Context* context, const v1::CreateExperimentRequest* request,
    v1::CreateExperimentResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  // On a reader's thread: the check of paths follows links on the disk.
  store_.Read([=, this, caller = CallerOf(*context)](store::Reader&) {
    auto experiment = ReadCreateRequest(*request, caller.name, roots_);
    if (!experiment.ok()) return reactor->Finish(wire::ToGrpcStatus(experiment.status()));
    if (absl::Status mine = CheckProject(caller, experiment->experiment.project); !mine.ok()) {
      return reactor->Finish(wire::ToGrpcStatus(mine));
    }
    if (request->validate_only()) {
      *response->mutable_experiment() = PreviewToProto(*experiment);
      return reactor->Finish(grpc::Status::OK);
    }
    if (absl::Status room = disk_.Check(); !room.ok()) {
      return reactor->Finish(wire::ToGrpcStatus(room));
    }
    auto finish = FinishWithExperiment(reactor, response->mutable_experiment());
    store_.CreateExperiment(*std::move(experiment),
                            [finish](absl::StatusOr<store::CreatedExperiment> created) {
                              if (!created.ok()) return finish(created.status());
                              finish(created->id);
                            });
  });
  return reactor;
}

grpc::ServerUnaryReactor* ExperimentService::GetExperiment(Context* context,
                                                           const v1::GetExperimentRequest* request,
                                                           v1::Experiment* response) {
  return AnswerByRead(context, response,
                      [=](store::Reader& reader) { return rpc::GetExperiment(reader, *request); });
}

grpc::ServerUnaryReactor* ExperimentService::ListExperiments(
    Context* context, const v1::ListExperimentsRequest* request,
    v1::ListExperimentsResponse* response) {
  return AnswerByRead(context, response, [=](store::Reader& reader) {
    return rpc::ListExperiments(reader, *request);
  });
}

grpc::ServerUnaryReactor* ExperimentService::CancelExperiment(
    Context* context, const v1::CancelExperimentRequest* request, v1::Experiment* response) {
  Reactor* reactor = context->DefaultReactor();
  WhereAllowed(context, reactor, request->id(), &store::Reader::ProjectOfExperiment,
               [=, this](const std::string& id) {
                 store_.CancelExperiment(id, FinishWithExperiment(reactor, response));
               });
  return reactor;
}

grpc::ServerUnaryReactor* ExperimentService::DeleteExperiment(
    Context* context, const v1::DeleteExperimentRequest* request, v1::DeleteExperimentResponse*) {
  Reactor* reactor = context->DefaultReactor();
  WhereAllowed(context, reactor, request->id(), &store::Reader::ProjectOfExperiment,
               [=, this](const std::string& id) {
                 store_.DeleteExperiment(id, [=](const absl::StatusOr<store::Nothing>& done) {
                   reactor->Finish(wire::ToGrpcStatus(done.status()));
                 });
               });
  return reactor;
}

grpc::ServerUnaryReactor* ExperimentService::GetRun(Context* context,
                                                    const v1::GetRunRequest* request,
                                                    v1::Run* response) {
  return AnswerByRead(context, response,
                      [=](store::Reader& reader) { return rpc::GetRun(reader, request->id()); });
}

grpc::ServerUnaryReactor* ExperimentService::ListRuns(Context* context,
                                                      const v1::ListRunsRequest* request,
                                                      v1::ListRunsResponse* response) {
  return AnswerByRead(context, response,
                      [=](store::Reader& reader) { return rpc::ListRuns(reader, *request); });
}

grpc::ServerUnaryReactor* ExperimentService::CancelRun(Context* context,
                                                       const v1::CancelRunRequest* request,
                                                       v1::Run* response) {
  Reactor* reactor = context->DefaultReactor();
  WhereAllowed(
      context, reactor, request->id(), &store::Reader::ProjectOfRun,
      [=, this](const std::string& id) { store_.CancelRun(id, FinishWithRun(reactor, response)); });
  return reactor;
}

grpc::ServerUnaryReactor* ExperimentService::RetryRun(Context* context,
                                                      const v1::RetryRunRequest* request,
                                                      v1::Run* response) {
  Reactor* reactor = context->DefaultReactor();
  WhereAllowed(
      context, reactor, request->id(), &store::Reader::ProjectOfRun,
      [=, this](const std::string& id) { store_.RetryRun(id, FinishWithRun(reactor, response)); });
  return reactor;
}

grpc::ServerWriteReactor<v1::Event>* ExperimentService::Watch(Context*,
                                                              const v1::WatchRequest* request) {
  return StartWatch({store_, commits_, open_calls_}, *request);
}

grpc::ServerUnaryReactor* ExperimentService::QueryMetrics(Context* context,
                                                          const v1::QueryMetricsRequest* request,
                                                          v1::QueryMetricsResponse* response) {
  return AnswerByRead(context, response,
                      [=](store::Reader& reader) { return rpc::QueryMetrics(reader, *request); });
}

grpc::ServerUnaryReactor* ExperimentService::Compare(Context* context,
                                                     const v1::CompareRequest* request,
                                                     v1::CompareResponse* response) {
  return AnswerByRead(context, response,
                      [=](store::Reader& reader) { return rpc::Compare(reader, *request); });
}

grpc::ServerUnaryReactor* ExperimentService::ListQueue(Context* context,
                                                       const v1::ListQueueRequest* request,
                                                       v1::ListQueueResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  const absl::StatusOr<int> page_size = PageSize(request->page_size());
  if (!page_size.ok()) {
    reactor->Finish(wire::ToGrpcStatus(page_size.status()));
    return reactor;
  }
  const int limit = *page_size == 0 ? store::kMaxPageSize : *page_size;
  store_.ListQueue(request->after_position(), limit, [=](absl::StatusOr<core::QueuePage> page) {
    if (page.ok()) *response = ToProto(*page);
    reactor->Finish(wire::ToGrpcStatus(page.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ExperimentService::ListWorkers(Context* context,
                                                         const v1::ListWorkersRequest*,
                                                         v1::ListWorkersResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store_.ListWorkers([=](absl::StatusOr<std::vector<store::WorkerRecord>> workers) {
    if (workers.ok()) {
      for (const store::WorkerRecord& worker : *workers) *response->add_workers() = ToProto(worker);
    }
    reactor->Finish(wire::ToGrpcStatus(workers.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* ExperimentService::ForgetWorker(Context* context,
                                                          const v1::ForgetWorkerRequest* request,
                                                          v1::ForgetWorkerResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  store_.ForgetWorker({request->id()}, [=](absl::StatusOr<store::WorkerRecord> worker) {
    if (worker.ok()) *response->mutable_worker() = ToProto(*worker);
    reactor->Finish(wire::ToGrpcStatus(worker.status()));
  });
  return reactor;
}

}  // namespace fp4::rpc
