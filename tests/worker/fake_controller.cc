#include "tests/worker/fake_controller.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::worker {
namespace {

grpc::Status Error(grpc::StatusCode code, std::string_view reason,
                   const std::map<std::string, std::string>& metadata = {}) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  google::rpc::Status status;
  status.set_code(code);
  status.add_details()->PackFrom(info);
  return {code, std::string(reason), status.SerializeAsString()};
}

grpc::Status Away() { return {grpc::StatusCode::UNAVAILABLE, "as the test wants it"}; }

v1::Held HeldOf(const v1::Assignment& assignment) {
  v1::Held held;
  held.set_run_id(assignment.run_id());
  held.set_attempt(assignment.attempt());
  return held;
}

template <typename List>
bool Lists(const List& list, const v1::Assignment& assignment) {
  return std::any_of(list.begin(), list.end(), [&](const auto& each) {
    return each.run_id() == assignment.run_id() && each.attempt() == assignment.attempt();
  });
}

}  // namespace

void FakeController::Start() {
  {
    MutexLock lock(mutex_);
    stopping_ = false;
  }
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

void FakeController::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

std::string FakeController::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeController::Set(const std::function<void(Behaviour&)>& change) {
  MutexLock lock(mutex_);
  change(behaviour_);
}

void FakeController::Assign(const std::string& run_id, const std::string& document,
                            const std::function<void(v1::Assignment&)>& change) {
  MutexLock lock(mutex_);
  Run& run = runs_[run_id];
  run.assignment.set_run_id(run_id);
  run.assignment.set_attempt(run.assignment.attempt() + 1);
  run.assignment.set_document(document);
  run.assignment.set_next_seq(run.next_seq());
  run.assignment.clear_slots();
  run.assignment.add_slots(0);
  run.assignment.clear_resume_from();
  for (const v1::Event& event : run.events) {
    if (event.has_checkpoint()) *run.assignment.mutable_resume_from() = event.checkpoint();
  }
  if (change) change(run.assignment);
  run.leased = true;
  changed_.NotifyAll();
}

void FakeController::Cancel(const std::string& run_id) {
  MutexLock lock(mutex_);
  runs_[run_id].stop = true;
  changed_.NotifyAll();
}

void FakeController::Supersede(const std::string& run_id) {
  MutexLock lock(mutex_);
  runs_[run_id].leased = false;
  runs_[run_id].assignment.set_attempt(runs_[run_id].assignment.attempt() + 1);
}

void FakeController::Expire(const std::string& run_id) {
  MutexLock lock(mutex_);
  runs_[run_id].leased = false;
}

void FakeController::ForgetWorkers() {
  MutexLock lock(mutex_);
  known_incarnations_.clear();
  changed_.NotifyAll();
}

void FakeController::ForgetEventsFrom(const std::string& run_id, int64_t seq) {
  MutexLock lock(mutex_);
  runs_[run_id].events.resize(seq - 1);
}

FakeController::Run FakeController::run(const std::string& run_id) const {
  MutexLock lock(mutex_);
  auto found = runs_.find(run_id);
  return found == runs_.end() ? Run() : found->second;
}

std::vector<v1::RegisterRequest> FakeController::registrations() const {
  MutexLock lock(mutex_);
  return registrations_;
}

bool FakeController::WaitFor(const std::function<bool()>& condition) const {
  MutexLock lock(mutex_);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    changed_.WaitFor(lock, absl::Seconds(1));
  }
  return true;
}

bool FakeController::WaitUntil(const std::string& run_id,
                               const std::function<bool(const Run&)>& condition) const {
  return WaitFor([&] {
    auto found = runs_.find(run_id);
    return found != runs_.end() && condition(found->second);
  });
}

bool FakeController::WaitForRegistrations(size_t count) const {
  return WaitFor([&] { return registrations_.size() >= count; });
}

bool FakeController::WaitForUnfit(const std::string& part_of_why) const {
  return WaitFor([&] { return unfit_ && unfit_->find(part_of_why) != std::string::npos; });
}

bool FakeController::WaitForFit() const {
  return WaitFor([&] { return unfit_ && unfit_->empty(); });
}

bool FakeController::WaitForExit(const std::string& run_id, size_t count) const {
  return WaitUntil(run_id, [&](const Run& run) { return run.exits.size() >= count; });
}

bool FakeController::WaitForStep(const std::string& run_id, int64_t step) const {
  return WaitUntil(run_id, [&](const Run& run) {
    return std::any_of(run.events.begin(), run.events.end(),
                       [&](const v1::Event& event) { return event.metrics().step() >= step; });
  });
}

bool FakeController::Stale(const std::string& run_id, int32_t attempt) const {
  auto found = runs_.find(run_id);
  return found == runs_.end() || found->second.assignment.attempt() != attempt;
}

grpc::Status FakeController::Register(grpc::ServerContext*, const v1::RegisterRequest* request,
                                      v1::RegisterResponse* response) {
  MutexLock lock(mutex_);
  registrations_.push_back(*request);
  changed_.NotifyAll();
  if (behaviour_.is_duplicate) {
    return Error(grpc::StatusCode::FAILED_PRECONDITION, reason::kDuplicateWorker);
  }
  known_incarnations_.insert(request->incarnation());
  response->set_worker_id(request->incarnation());
  response->mutable_lease_ttl()->set_seconds(absl::ToInt64Seconds(behaviour_.lease_ttl));
  response->mutable_renew_interval()->set_nanos(200'000'000);
  for (const v1::FoundRun& found : request->found_runs()) {
    v1::FoundRunAnswer* answer = response->add_answers();
    answer->set_run_id(found.run_id());
    answer->set_attempt(found.attempt());
    answer->set_action(v1::FoundRunAnswer::DISCARD);
    if (Stale(found.run_id(), found.attempt())) continue;
    const Run& run = runs_[found.run_id()];
    answer->set_action(run.leased ? v1::FoundRunAnswer::KEEP : v1::FoundRunAnswer::DELIVER);
    answer->set_next_seq(run.next_seq());
  }
  changed_.NotifyAll();
  return grpc::Status::OK;
}

bool FakeController::CollectWork(const v1::AcquireRequest& request,
                                 v1::AcquireResponse& response) const {
  for (const auto& [id, run] : runs_) {
    const bool held = Lists(request.held(), run.assignment);
    if (run.leased && !held && request.unfit().empty())
      *response.add_assignments() = run.assignment;
    if (run.leased && held && run.stop) *response.add_stop() = HeldOf(run.assignment);
  }
  return response.assignments_size() + response.stop_size() > 0;
}

grpc::Status FakeController::Acquire(grpc::ServerContext* context,
                                     const v1::AcquireRequest* request,
                                     v1::AcquireResponse* response) {
  MutexLock lock(mutex_);
  unfit_ = request->unfit();
  changed_.NotifyAll();
  while (!stopping_ && !context->IsCancelled()) {
    if (!known_incarnations_.contains(request->incarnation())) {
      return Error(grpc::StatusCode::FAILED_PRECONDITION, reason::kUnknownWorker);
    }
    if (CollectWork(*request, *response)) return grpc::Status::OK;
    changed_.WaitFor(lock, absl::Milliseconds(50));
  }
  return Away();
}

grpc::Status FakeController::RenewLeases(grpc::ServerContext*,
                                         const v1::RenewLeasesRequest* request,
                                         v1::RenewLeasesResponse* response) {
  MutexLock lock(mutex_);
  if (behaviour_.refuse_renewals) return Away();
  if (!known_incarnations_.contains(request->incarnation())) {
    return Error(grpc::StatusCode::FAILED_PRECONDITION, reason::kUnknownWorker);
  }
  for (const v1::Held& held : request->held()) {
    const bool lost = Stale(held.run_id(), held.attempt()) || !runs_[held.run_id()].leased;
    *(lost ? response->add_lost() : response->add_renewed()) = held;
  }
  return grpc::Status::OK;
}

grpc::Status FakeController::ReportEvents(grpc::ServerContext*,
                                          const v1::ReportEventsRequest* request,
                                          v1::ReportEventsResponse* response) {
  MutexLock lock(mutex_);
  if (behaviour_.refuse_reports) return Away();
  if (Stale(request->run_id(), request->attempt())) {
    return Error(grpc::StatusCode::FAILED_PRECONDITION, reason::kStaleAttempt);
  }
  Run& run = runs_[request->run_id()];
  for (const v1::Event& event : request->events()) {
    if (event.seq() > run.next_seq()) {
      return Error(grpc::StatusCode::OUT_OF_RANGE, reason::kSeqGap,
                   {{"expected_seq", absl::StrCat(run.next_seq())}});
    }
    if (event.seq() == run.next_seq()) run.events.push_back(event);
  }
  response->set_next_seq(run.next_seq());
  changed_.NotifyAll();
  return grpc::Status::OK;
}

grpc::Status FakeController::ReportExit(grpc::ServerContext*, const v1::ReportExitRequest* request,
                                        v1::ReportExitResponse*) {
  MutexLock lock(mutex_);
  if (behaviour_.refuse_reports) return Away();
  if (Stale(request->run_id(), request->attempt())) {
    return Error(grpc::StatusCode::FAILED_PRECONDITION, reason::kStaleAttempt);
  }
  runs_[request->run_id()].exits.push_back(*request);
  runs_[request->run_id()].leased = false;
  changed_.NotifyAll();
  return grpc::Status::OK;
}

}  // namespace fp4::worker
