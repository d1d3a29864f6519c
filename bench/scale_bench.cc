// One controller and many workers, over gRPC. The workers are simulated, each with a connection of
// its own, all in this process; the controller runs already. Usage:
//   scale_bench ADDRESS place NUM_RUNS NUM_WORKERS   queues the runs in ten experiments; the
//   workers
//     end whatever they get at once, with three calls a run as a worker makes them: Acquire,
//     ReportEvents, ReportExit. Placements a second.
//   scale_bench ADDRESS idle NUM_WORKERS SECONDS     the workers wait for work with Acquire calls
//   of
//     20 s, as fp4-worker does. What they cost the controller is for the caller to see.
// Prints one JSON object.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/version.h"
#include "fp4/v1/experiments.grpc.pb.h"
#include "fp4/v1/workers.grpc.pb.h"
#include "wire/channel.h"
#include "wire/protocol.h"
#include "wire/times.h"

namespace fp4 {
namespace {

constexpr int64_t kNumExperiments = 10;
constexpr absl::Duration kAcquireWait = absl::Seconds(20);

[[noreturn]] void Fail(const std::string& what, const grpc::Status& status) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), status.error_message().c_str());
  std::_Exit(1);
}

// A worker of one slot that ends whatever it gets at once. Its calls follow one another, on gRPC's
// threads.
class SimulatedWorker {
 public:
  SimulatedWorker(const std::string& address, int64_t number, std::atomic<int64_t>& num_ended)
      : stub_(v1::WorkerService::NewStub(wire::OpenChannel(address))), num_ended_(num_ended) {
    register_.set_protocol_version(wire::kProtocolVersion);
    register_.set_name(absl::StrCat("simulated-", number));
    register_.set_host("here");
    register_.set_incarnation(RandomIds().NewId());
    register_.set_version(std::string(Version()));
    register_.set_directory_id(
        absl::StrCat(absl::Hex(number, absl::kZeroPad16), "0000000000000000"));
    v1::Slot* slot = register_.add_slots();
    slot->set_kind(v1::Slot::CPU);
    slot->set_device("cpu");
    slot->set_cpu_threads(1);
    slot->set_cpu_compute_dtype("fp32");
  }

  // Waits for the answer.
  void Register() {
    grpc::ClientContext context;
    v1::RegisterResponse response;
    const grpc::Status status = stub_->Register(&context, register_, &response);
    if (!status.ok()) Fail("Register", status);
    id_ = response.worker_id();
  }

  // Asks for work until the process ends.
  void Acquire() {
    auto call = std::make_shared<Call<v1::AcquireRequest, v1::AcquireResponse>>();
    call->request.set_worker_id(id_);
    call->request.set_incarnation(register_.incarnation());
    *call->request.mutable_wait() = wire::ToProto(kAcquireWait);
    stub_->async()->Acquire(&call->context, &call->request, &call->response,
                            [this, call](const grpc::Status& status) {
                              if (!status.ok()) Fail("Acquire", status);
                              if (call->response.assignments().empty()) return Acquire();
                              Report(call->response.assignments(0));
                            });
  }

 private:
  template <typename Request, typename Response>
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
  };

  void Report(const v1::Assignment& assignment) {
    auto call = std::make_shared<Call<v1::ReportEventsRequest, v1::ReportEventsResponse>>();
    call->request.set_worker_id(id_);
    call->request.set_run_id(assignment.run_id());
    call->request.set_attempt(assignment.attempt());
    v1::Event* event = call->request.add_events();
    event->set_seq(assignment.next_seq());
    event->set_attempt(assignment.attempt());
    *event->mutable_time() = wire::ToProto(absl::Now());
    event->mutable_finished()->set_status("completed");
    stub_->async()->ReportEvents(&call->context, &call->request, &call->response,
                                 [this, call](const grpc::Status& status) {
                                   if (!status.ok()) Fail("ReportEvents", status);
                                   Exit(call->request.run_id(), call->request.attempt());
                                 });
  }

  void Exit(const std::string& run_id, int32_t attempt) {
    auto call = std::make_shared<Call<v1::ReportExitRequest, v1::ReportExitResponse>>();
    call->request.set_worker_id(id_);
    call->request.set_run_id(run_id);
    call->request.set_attempt(attempt);
    call->request.set_cause(v1::ReportExitRequest::EXITED);
    stub_->async()->ReportExit(&call->context, &call->request, &call->response,
                               [this, call](const grpc::Status& status) {
                                 if (!status.ok()) Fail("ReportExit", status);
                                 ++num_ended_;
                                 Acquire();
                               });
  }

  std::unique_ptr<v1::WorkerService::Stub> stub_;
  std::atomic<int64_t>& num_ended_;
  v1::RegisterRequest register_;
  std::string id_;
};

void Submit(const std::string& address, int64_t num_runs) {
  auto stub = v1::ExperimentService::NewStub(wire::OpenChannel(address));
  for (int64_t i = 0; i < kNumExperiments; ++i) {
    std::string seeds;
    for (int64_t seed = 1; seed <= num_runs / kNumExperiments; ++seed) {
      absl::StrAppend(&seeds, seed > 1 ? "," : "", seed);
    }
    grpc::ClientContext context;
    v1::CreateExperimentRequest request;
    v1::CreateExperimentResponse response;
    request.set_document(absl::StrCat(R"({"name": "queued-)", i,
                                      R"(", "data": {"source": "synthetic"}, )",
                                      R"("resources": {"gpus": 0}, "seeds": [)", seeds, "]}"));
    const grpc::Status status = stub->CreateExperiment(&context, request, &response);
    if (!status.ok()) Fail("CreateExperiment", status);
  }
}

using Workers = std::vector<std::unique_ptr<SimulatedWorker>>;

Workers RegisterAll(const std::string& address, int64_t num_workers,
                    std::atomic<int64_t>& num_ended) {
  Workers workers;
  for (int64_t i = 0; i < num_workers; ++i) {
    workers.push_back(std::make_unique<SimulatedWorker>(address, i + 1, num_ended));
    workers.back()->Register();
  }
  return workers;
}

void Place(const std::string& address, int64_t num_runs, int64_t num_workers) {
  std::atomic<int64_t> num_ended = 0;
  const absl::Time submitting = absl::Now();
  Submit(address, num_runs);
  const double submit_seconds = absl::ToDoubleSeconds(absl::Now() - submitting);
  const Workers workers = RegisterAll(address, num_workers, num_ended);
  const absl::Time start = absl::Now();
  for (const auto& worker : workers) worker->Acquire();
  const int64_t wanted = num_runs / kNumExperiments * kNumExperiments;
  while (num_ended < wanted) absl::SleepFor(absl::Milliseconds(2));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  std::printf(
      "{\"runs\": %lld, \"workers\": %lld, \"placements_per_second\": %.0f, \"submit_seconds\": "
      "%.3f}\n",
      static_cast<long long>(wanted), static_cast<long long>(num_workers),
      static_cast<double>(wanted) / seconds, submit_seconds);
  std::fflush(stdout);
  std::_Exit(0);  // the calls that still wait for work end with their connections
}

void Idle(const std::string& address, int64_t num_workers, int64_t seconds) {
  std::atomic<int64_t> num_ended = 0;
  const absl::Time registering = absl::Now();
  const Workers workers = RegisterAll(address, num_workers, num_ended);
  const double register_seconds = absl::ToDoubleSeconds(absl::Now() - registering);
  for (const auto& worker : workers) worker->Acquire();
  std::printf("{\"workers\": %lld, \"register_seconds\": %.3f}\n",
              static_cast<long long>(num_workers), register_seconds);
  std::fflush(stdout);
  absl::SleepFor(absl::Seconds(seconds));
  std::_Exit(0);
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Main(int argc, char** argv) {
  const std::string mode = argc == 5 ? argv[2] : "";
  RaiseDescriptorLimit();
  if (mode == "place") Place(argv[1], std::atoll(argv[3]), std::atoll(argv[4]));
  if (mode == "idle") Idle(argv[1], std::atoll(argv[3]), std::atoll(argv[4]));
  std::fprintf(stderr, "usage: scale_bench ADDRESS place RUNS WORKERS | idle WORKERS SECONDS\n");
  return 2;
}

}  // namespace
}  // namespace fp4

int main(int argc, char** argv) { return fp4::Main(argc, argv); }
