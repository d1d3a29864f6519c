// A controller that does what a test tells it, behind the real gRPC service.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "fp4/v1/workers.grpc.pb.h"

namespace fp4::worker {

// Thread-safe.
class FakeController : public v1::WorkerService::Service {
 public:
  // What it knows of a run.
  struct Run {
    v1::Assignment assignment;
    bool leased = false, stop = false;
    std::vector<v1::Event> events;  // stored, by seq from 1
    std::vector<v1::ReportExitRequest> exits;
    int64_t next_seq() const { return static_cast<int64_t>(events.size()) + 1; }
  };
  struct Behaviour {
    absl::Duration lease_ttl = absl::Seconds(30);
    bool refuse_reports = false, refuse_renewals = false;  // UNAVAILABLE
    bool is_duplicate = false;                             // DUPLICATE_WORKER for whoever registers
  };

  FakeController() { Start(); }
  ~FakeController() override { Stop(); }

  // The service goes away and comes back at the same port; what is stored stays.
  void Start();
  void Stop();
  std::string address() const;

  void Set(const std::function<void(Behaviour&)>& change);
  // The next attempt of the run, leased to whoever asks.
  void Assign(const std::string& run_id, const std::string& document,
              const std::function<void(v1::Assignment&)>& change = {});
  void Cancel(const std::string& run_id);
  // The lease is over, and there is no later attempt yet.
  void Expire(const std::string& run_id);
  // The lease is gone; a later attempt is somewhere else.
  void Supersede(const std::string& run_id);
  void ForgetWorkers();
  void ForgetEventsFrom(const std::string& run_id, int64_t seq);

  Run run(const std::string& run_id) const;
  std::vector<v1::RegisterRequest> registrations() const;
  // Waits until a worker's poll says that it takes no work, and why; or that it takes work.
  bool WaitForUnfit(const std::string& part_of_why) const;
  bool WaitForFit() const;
  // Waits for what is to happen; false after half a minute.
  bool WaitUntil(const std::string& run_id, const std::function<bool(const Run&)>& condition) const;
  bool WaitForRegistrations(size_t count) const;
  bool WaitForExit(const std::string& run_id, size_t count = 1) const;
  bool WaitForStep(const std::string& run_id, int64_t step) const;

  grpc::Status Register(grpc::ServerContext*, const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override;
  grpc::Status Acquire(grpc::ServerContext* context, const v1::AcquireRequest* request,
                       v1::AcquireResponse* response) override;
  grpc::Status RenewLeases(grpc::ServerContext*, const v1::RenewLeasesRequest* request,
                           v1::RenewLeasesResponse* response) override;
  grpc::Status ReportEvents(grpc::ServerContext*, const v1::ReportEventsRequest* request,
                            v1::ReportEventsResponse* response) override;
  grpc::Status ReportExit(grpc::ServerContext*, const v1::ReportExitRequest* request,
                          v1::ReportExitResponse*) override;

 private:
  bool WaitFor(const std::function<bool()>& condition) const;
  bool CollectWork(const v1::AcquireRequest& request, v1::AcquireResponse& response) const;
  bool Stale(const std::string& run_id, int32_t attempt) const;

  mutable Mutex mutex_;
  mutable CondVar changed_;
  Behaviour behaviour_;
  std::map<std::string, Run> runs_;
  std::vector<v1::RegisterRequest> registrations_;
  std::set<std::string> known_incarnations_;
  std::optional<std::string> unfit_;  // what the newest poll says
  bool stopping_ = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace fp4::worker
