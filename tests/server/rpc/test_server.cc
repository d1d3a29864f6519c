#include "tests/server/rpc/test_server.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "wire/times.h"

namespace fp4::rpc {

TestServer::TestServer(std::vector<std::filesystem::path> roots)
    : roots_(std::move(roots)),
      folder_(std::filesystem::path(testing::TempDir()) / ("rpc_test_" + RandomIds().NewId())),
      disk_(folder_, 0) {
  std::filesystem::create_directories(folder_);
  Start();
}

TestServer::~TestServer() {
  server_.reset();
  artifacts_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void TestServer::Restart() {
  server_.reset();
  artifacts_.reset();
  store_.reset();
  Start();
}

void TestServer::Start() {
  store::StoreOptions options;
  options.folder = folder_;
  auto store = store::Store::Open(options, SystemClock(), RandomIds(), nullptr);
  if (!store.ok()) throw std::runtime_error(store.status().ToString());
  store_ = *std::move(store);
  auto artifacts = artifacts::ArtifactStore::Open({.folder = folder_ / "artifacts"}, *store_);
  if (!artifacts.ok()) throw std::runtime_error(artifacts.status().ToString());
  artifacts_ = *std::move(artifacts);
  auto server = Server::Start({"127.0.0.1", 0}, backends(), registry_, SystemClock());
  if (!server.ok()) throw std::runtime_error(server.status().ToString());
  server_ = *std::move(server);
  channel_ = grpc::CreateChannel(server_->address().ToString(), grpc::InsecureChannelCredentials());
  experiments_ = v1::ExperimentService::NewStub(channel_);
  workers_ = v1::WorkerService::NewStub(channel_);
  checkpoints_ = v1::CheckpointService::NewStub(channel_);
  admin_ = v1::AdminService::NewStub(channel_);
}

Backends TestServer::backends() {
  return {.store = *store_,
          .gatekeeper = gatekeeper_,
          .artifacts = *artifacts_,
          .roots = AllowedRoots(roots_),
          .backup_roots = AllowedRoots({folder_}),
          .disk = disk_,
          .data_dir = folder_};
}

v1::Experiment TestServer::Submit(const std::string& document) {
  grpc::ClientContext context;
  v1::CreateExperimentRequest request;
  v1::CreateExperimentResponse response;
  request.set_document(document);
  request.set_document_name("demo.json");
  const grpc::Status status = experiments_->CreateExperiment(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.experiment();
}

v1::Run TestServer::GetRun(const std::string& id) {
  grpc::ClientContext context;
  v1::GetRunRequest request;
  v1::Run run;
  request.set_id(id);
  const grpc::Status status = experiments_->GetRun(&context, request, &run);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return run;
}

std::vector<v1::Event> TestServer::WatchAll(const v1::WatchRequest& request, grpc::Status* status) {
  grpc::ClientContext context;
  auto reader = experiments_->Watch(&context, request);
  std::vector<v1::Event> events;
  for (v1::Event event; reader->Read(&event);) events.push_back(event);
  const grpc::Status end = reader->Finish();
  if (status != nullptr) *status = end;
  return events;
}

TestWorker::TestWorker(v1::WorkerService::Stub& stub, std::string name, int num_slots)
    : stub_(stub), incarnation_(RandomIds().NewId()) {
  v1::RegisterRequest request;
  request.set_protocol_version(1);
  request.set_name(name);
  request.set_host("here");
  request.set_incarnation(incarnation_);
  for (int i = 0; i < num_slots; ++i) {
    v1::Slot* slot = request.add_slots();
    slot->set_index(i);
    slot->set_kind(v1::Slot::CPU);
    slot->set_device("cpu");
    slot->set_cpu_threads(1);
    slot->set_cpu_compute_dtype("fp32");
  }
  grpc::ClientContext context;
  v1::RegisterResponse response;
  const grpc::Status status = stub_.Register(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  id_ = response.worker_id();
}

v1::AcquireRequest TestWorker::AcquireRequest(absl::Duration wait) const {
  v1::AcquireRequest request;
  request.set_worker_id(id_);
  request.set_incarnation(incarnation_);
  *request.mutable_wait() = wire::ToProto(wait);
  request.mutable_held()->Add(held_.begin(), held_.end());
  return request;
}

v1::AcquireResponse TestWorker::Acquire(absl::Duration wait) {
  grpc::ClientContext context;
  v1::AcquireResponse response;
  const grpc::Status status = stub_.Acquire(&context, AcquireRequest(wait), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const v1::Assignment& assignment : response.assignments()) {
    v1::Held& held = held_.emplace_back();
    held.set_run_id(assignment.run_id());
    held.set_attempt(assignment.attempt());
  }
  return response;
}

v1::Assignment TestWorker::Take() {
  if (untaken_.empty()) {
    const v1::AcquireResponse response = Acquire();
    untaken_.assign(response.assignments().begin(), response.assignments().end());
  }
  EXPECT_FALSE(untaken_.empty());
  if (untaken_.empty()) return {};
  v1::Assignment first = untaken_.front();
  untaken_.erase(untaken_.begin());
  return first;
}

grpc::Status TestWorker::Report(const v1::Assignment& run, const std::vector<v1::Event>& events,
                                v1::ReportEventsResponse* response) {
  v1::ReportEventsRequest request;
  request.set_worker_id(id_);
  request.set_run_id(run.run_id());
  request.set_attempt(run.attempt());
  request.mutable_events()->Add(events.begin(), events.end());
  grpc::ClientContext context;
  v1::ReportEventsResponse unused;
  return stub_.ReportEvents(&context, request, response == nullptr ? &unused : response);
}

grpc::Status TestWorker::Exit(const v1::Assignment& run, int exit_code) {
  v1::ReportExitRequest request;
  request.set_worker_id(id_);
  request.set_run_id(run.run_id());
  request.set_attempt(run.attempt());
  request.set_cause(v1::ReportExitRequest::EXITED);
  request.set_exit_code(exit_code);
  grpc::ClientContext context;
  v1::ReportExitResponse response;
  std::erase_if(held_, [&](const v1::Held& held) { return held.run_id() == run.run_id(); });
  return stub_.ReportExit(&context, request, &response);
}

void TestWorker::RunToCompletion(const v1::Assignment& run, int num_steps, double loss) {
  int64_t seq = run.next_seq();
  std::vector<v1::Event> events = {StartedAt(seq++, run.attempt())};
  for (int step = 1; step <= num_steps; ++step) {
    events.push_back(MetricsAt(seq++, run.attempt(), step, "train/loss", loss + 1.0 / step));
  }
  events.push_back(MetricsAt(seq++, run.attempt(), num_steps, "val/loss", loss));
  events.push_back(FinishedAt(seq++, run.attempt()));
  const grpc::Status status = Report(run, events);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(Exit(run, 0).ok());
}

namespace {

v1::Event EventAt(int64_t seq, int attempt) {
  v1::Event event;
  event.set_seq(seq);
  event.set_attempt(attempt);
  *event.mutable_time() = wire::ToProto(absl::FromUnixMillis(1'767'323'045'678 + seq));
  return event;
}

}  // namespace

v1::Event MetricsAt(int64_t seq, int attempt, int64_t step, const std::string& name, double value) {
  v1::Event event = EventAt(seq, attempt);
  event.mutable_metrics()->set_step(step);
  v1::Value* added = event.mutable_metrics()->add_values();
  added->set_name(name);
  added->set_value(value);
  return event;
}

v1::Event StartedAt(int64_t seq, int attempt, const std::string& json) {
  v1::Event event = EventAt(seq, attempt);
  event.mutable_started()->set_json(json);
  return event;
}

v1::Event FinishedAt(int64_t seq, int attempt, const std::string& status) {
  v1::Event event = EventAt(seq, attempt);
  event.mutable_finished()->set_status(status);
  return event;
}

std::string ReasonOfCall(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const auto& detail : details.details()) detail.UnpackTo(&info);
  return info.reason();
}

}  // namespace fp4::rpc
