#include "tests/client/support/fake_service.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "wire/status.h"

namespace fp4::client {
namespace {

grpc::Status NotFound(const std::string& id) {
  return RpcError(grpc::StatusCode::NOT_FOUND, "NOT_FOUND",
                  absl::StrCat("nothing has the id '", id, "'"));
}

}  // namespace

FakeService::FakeService(const std::string& address) {
  grpc::EnableDefaultHealthCheckService(true);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeService::~FakeService() { server_->Shutdown(std::chrono::system_clock::now()); }

void FakeService::SetExperiment(const v1::Experiment& experiment) {
  MutexLock lock(mutex_);
  experiment_ = experiment;
}

void FakeService::Add(v1::Event event) {
  MutexLock lock(mutex_);
  event.set_cursor(static_cast<int64_t>(events_.size()) + 101);
  for (v1::Run& run : *experiment_.mutable_runs()) {
    if (run.id() != event.run_id() || !event.has_state()) continue;
    run.set_state(event.state().state());
    run.set_reason(event.state().reason());
  }
  events_.push_back(std::move(event));
  changed_.NotifyAll();
}

void FakeService::BreakWatchAfter(int events) {
  MutexLock lock(mutex_);
  break_after_ = events;
}
void FakeService::FailCreate(const grpc::Status& status) {
  MutexLock lock(mutex_);
  create_status_ = status;
}
void FakeService::FailCompare(const grpc::Status& status) {
  MutexLock lock(mutex_);
  compare_status_ = status;
}
void FakeService::SetWorkerHost(const std::string& host) {
  MutexLock lock(mutex_);
  worker_host_ = host;
}
void FakeService::SetComparison(const v1::CompareResponse& comparison) {
  MutexLock lock(mutex_);
  comparison_ = comparison;
}
void FakeService::SetSeries(const v1::Series& series) {
  MutexLock lock(mutex_);
  series_ = series;
}
void FakeService::SetQueue(const v1::ListQueueResponse& queue) {
  MutexLock lock(mutex_);
  queue_ = queue;
}
std::vector<v1::WatchRequest> FakeService::watch_requests() {
  MutexLock lock(mutex_);
  return watch_requests_;
}
v1::CreateExperimentRequest FakeService::create_request() {
  MutexLock lock(mutex_);
  return create_request_;
}

bool FakeService::AllFinished() {
  for (const v1::Run& run : experiment_.runs()) {
    if (run.state() < v1::RUN_STATE_COMPLETED) return false;
  }
  return true;
}

grpc::Status FakeService::CreateExperiment(grpc::ServerContext*,
                                           const v1::CreateExperimentRequest* request,
                                           v1::CreateExperimentResponse* response) {
  MutexLock lock(mutex_);
  create_request_ = *request;
  if (!create_status_.ok()) return create_status_;
  *response->mutable_experiment() = experiment_;
  return grpc::Status::OK;
}

grpc::Status FakeService::GetExperiment(grpc::ServerContext*,
                                        const v1::GetExperimentRequest* request,
                                        v1::Experiment* response) {
  MutexLock lock(mutex_);
  if (!experiment_.id().starts_with(request->id())) return NotFound(request->id());
  *response = experiment_;
  return grpc::Status::OK;
}

grpc::Status FakeService::ListExperiments(grpc::ServerContext*, const v1::ListExperimentsRequest*,
                                          v1::ListExperimentsResponse* response) {
  MutexLock lock(mutex_);
  if (!experiment_.id().empty()) *response->add_experiments() = experiment_;
  return grpc::Status::OK;
}

grpc::Status FakeService::CancelExperiment(grpc::ServerContext*,
                                           const v1::CancelExperimentRequest* request,
                                           v1::Experiment* response) {
  MutexLock lock(mutex_);
  if (experiment_.id() != request->id()) return NotFound(request->id());
  for (v1::Run& run : *experiment_.mutable_runs()) run.set_state(v1::RUN_STATE_CANCELLED);
  *response = experiment_;
  return grpc::Status::OK;
}

grpc::Status FakeService::DeleteExperiment(grpc::ServerContext*, const v1::DeleteExperimentRequest*,
                                           v1::DeleteExperimentResponse*) {
  MutexLock lock(mutex_);
  if (!AllFinished()) {
    return RpcError(grpc::StatusCode::FAILED_PRECONDITION, "RUNS_ACTIVE", "1 run has not finished");
  }
  experiment_.Clear();
  return grpc::Status::OK;
}

grpc::Status FakeService::GetRun(grpc::ServerContext*, const v1::GetRunRequest* request,
                                 v1::Run* response) {
  MutexLock lock(mutex_);
  int matches = 0;
  for (const v1::Run& run : experiment_.runs()) {
    if (!run.id().starts_with(request->id())) continue;
    *response = run;
    ++matches;
  }
  if (matches == 0) return NotFound(request->id());
  if (matches == 1) return grpc::Status::OK;
  return RpcError(grpc::StatusCode::INVALID_ARGUMENT, "AMBIGUOUS_ID",
                  absl::StrCat("'", request->id(), "' fits ", matches, " runs"));
}

grpc::Status FakeService::ListRuns(grpc::ServerContext*, const v1::ListRunsRequest* request,
                                   v1::ListRunsResponse* response) {
  MutexLock lock(mutex_);
  // As the controller: 50 a page unless told, a token that says where the next one begins.
  int next = request->page_token().empty() ? 0 : std::stoi(request->page_token());
  const int size = request->page_size() == 0 ? 50 : request->page_size();
  const int end = std::min(experiment_.runs_size(), next + size);
  for (; next < end; ++next) *response->add_runs() = experiment_.runs(next);
  if (end < experiment_.runs_size()) response->set_next_page_token(std::to_string(end));
  return grpc::Status::OK;
}

grpc::Status FakeService::Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                                grpc::ServerWriter<v1::Event>* writer) {
  MutexLock lock(mutex_);
  watch_requests_.push_back(*request);
  const int break_after = break_after_;
  break_after_ = -1;
  int sent = 0;
  size_t next = 0;
  while (!context->IsCancelled()) {
    for (; next < events_.size(); ++next) {
      if (events_[next].cursor() <= request->cursor()) continue;
      if (sent++ == break_after) return {grpc::StatusCode::UNAVAILABLE, "Socket closed"};
      writer->Write(events_[next]);
    }
    if (AllFinished() || request->no_follow()) return grpc::Status::OK;
    changed_.WaitFor(lock, absl::Milliseconds(20));
  }
  return grpc::Status::CANCELLED;
}

grpc::Status FakeService::QueryMetrics(grpc::ServerContext*, const v1::QueryMetricsRequest* request,
                                       v1::QueryMetricsResponse* response) {
  MutexLock lock(mutex_);
  if (request->names_size() > 0 && request->names(0) != series_.name()) return grpc::Status::OK;
  *response->add_series() = series_;
  return grpc::Status::OK;
}

grpc::Status FakeService::Compare(grpc::ServerContext*, const v1::CompareRequest* request,
                                  v1::CompareResponse* response) {
  MutexLock lock(mutex_);
  if (!compare_status_.ok()) return compare_status_;
  *response = comparison_;
  response->set_margin(request->margin());
  return grpc::Status::OK;
}

grpc::Status FakeService::ListQueue(grpc::ServerContext*, const v1::ListQueueRequest* request,
                                    v1::ListQueueResponse* response) {
  MutexLock lock(mutex_);
  for (const v1::QueuedRun& run : queue_.runs()) {
    const bool full = request->page_size() > 0 && response->runs_size() >= request->page_size();
    if (run.position() > request->after_position() && !full) *response->add_runs() = run;
  }
  response->set_num_queued(queue_.num_queued());
  return grpc::Status::OK;
}

grpc::Status FakeService::ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*,
                                      v1::ListWorkersResponse* response) {
  MutexLock lock(mutex_);
  v1::Worker& worker = *response->add_workers();
  worker.set_host(worker_host_);
  worker.set_name("host:1a2b");
  worker.set_connected(true);
  v1::Slot& slot = *worker.add_slots();
  slot.set_kind(v1::Slot::CPU);
  slot.set_cpu_threads(2);
  return grpc::Status::OK;
}

grpc::Status FakeService::ForgetWorker(grpc::ServerContext*, const v1::ForgetWorkerRequest* request,
                                       v1::ForgetWorkerResponse* response) {
  if (request->id() != "host:1a2b") return NotFound(request->id());
  response->mutable_worker()->set_name(request->id());
  return grpc::Status::OK;
}

grpc::Status RpcError(grpc::StatusCode code, const std::string& reason, const std::string& message,
                      const std::vector<spec::Problem>& problems) {
  if (!problems.empty())
    return wire::ToGrpcStatus(wire::InvalidDocument(reason, message, problems));
  return wire::ToGrpcStatus(ErrorWithReason(static_cast<absl::StatusCode>(code), reason, message));
}

}  // namespace fp4::client
