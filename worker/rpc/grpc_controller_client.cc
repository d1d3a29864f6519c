#include "worker/rpc/grpc_controller_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <set>
#include <utility>

#include "base/fault_points.h"
#include "fp4/v1/workers.grpc.pb.h"
#include "wire/channel.h"
#include "wire/status.h"
#include "wire/times.h"
#include "worker/rpc/convert.h"

namespace fp4::worker {
namespace {

constexpr absl::Duration kRegisterTimeout = absl::Seconds(10);
constexpr absl::Duration kReportTimeout = absl::Seconds(30);  // a commit on a slow disk
constexpr absl::Duration kAcquireExtra = absl::Seconds(5);    // over what the controller may wait

class GrpcControllerClient : public ControllerClient {
 public:
  GrpcControllerClient(const std::string& address, const wire::ChannelSecurity& security,
                       Mailbox& mailbox)
      : mailbox_(mailbox),
        stub_(v1::WorkerService::NewStub(wire::OpenChannel(address, security))) {}

  ~GrpcControllerClient() override {
    MutexLock lock(mutex_);
    for (grpc::ClientContext* context : in_flight_) context->TryCancel();
    while (!in_flight_.empty()) ended_.Wait(lock);
  }

  void Register(const Introduction& introduction, const std::vector<FoundRun>& found,
                Answer<Registration> answer) override {
    Start<v1::RegisterRequest, v1::RegisterResponse>(
        ToProto(introduction, found), kRegisterTimeout, &Async::Register,
        [answer = std::move(answer)](absl::Status status, const v1::RegisterResponse& response) {
          if (!status.ok()) return answer(std::move(status));
          answer(FromProto(response));
        });
  }

  void Acquire(const Caller& caller, const std::vector<Held>& held, const std::string& unfit,
               const HostFacts& host, absl::Duration wait, Answer<Work> answer) override {
    v1::AcquireRequest request;
    request.set_worker_id(caller.worker_id);
    request.set_incarnation(caller.incarnation);
    for (const Held& lease : held) *request.add_held() = ToProto(lease);
    *request.mutable_wait() = wire::ToProto(wait);
    request.set_unfit(unfit);
    *request.mutable_host() = ToProto(host);
    acquire_ = Start<v1::AcquireRequest, v1::AcquireResponse>(
        std::move(request), wait + kAcquireExtra, &Async::Acquire,
        [this, answer = std::move(answer)](absl::Status status,
                                           const v1::AcquireResponse& response) {
          acquire_.reset();
          if (!status.ok()) return answer(std::move(status));
          answer(FromProto(response));
        });
  }

  void RenewLeases(const Caller& caller, const std::vector<Held>& held, absl::Duration timeout,
                   Answer<Renewal> answer) override {
    v1::RenewLeasesRequest request;
    request.set_worker_id(caller.worker_id);
    request.set_incarnation(caller.incarnation);
    for (const Held& lease : held) *request.add_held() = ToProto(lease);
    Start<v1::RenewLeasesRequest, v1::RenewLeasesResponse>(
        std::move(request), timeout, &Async::RenewLeases,
        [answer = std::move(answer)](absl::Status status, const v1::RenewLeasesResponse& response) {
          if (!status.ok()) return answer(std::move(status));
          answer(FromProto(response));
        });
  }

  void ReportEvents(const Caller& caller, const EventReport& report,
                    Answer<int64_t> answer) override {
    Start<v1::ReportEventsRequest, v1::ReportEventsResponse>(
        ToProto(report, caller.worker_id), kReportTimeout, &Async::ReportEvents,
        [answer = std::move(answer)](absl::Status status,
                                     const v1::ReportEventsResponse& response) {
          if (!status.ok()) return answer(std::move(status));
          answer(response.next_seq());
        });
  }

  void ReportExit(const Caller& caller, const Held& lease, const ExitReport& report,
                  Acknowledgement answer) override {
    Start<v1::ReportExitRequest, v1::ReportExitResponse>(
        ToProto(lease, report, caller.worker_id), kReportTimeout, &Async::ReportExit,
        [answer = std::move(answer)](absl::Status status, const v1::ReportExitResponse&) {
          answer(std::move(status));
        });
  }

  void CancelAcquire() override {
    if (acquire_ != nullptr) acquire_->TryCancel();
  }

 private:
  using Async = v1::WorkerService::StubInterface::async_interface;
  template <typename Request, typename Response>
  using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);
  template <typename Request, typename Response>
  struct Call {
    grpc::ClientContext context;
    Request request;
    Response response;
  };

  static absl::Status Lost() { return absl::UnavailableError("lost by an injected fault"); }

  // Starts a call; `finish` runs from the mailbox. The context lives until then.
  template <typename Request, typename Response, typename Finish>
  std::shared_ptr<grpc::ClientContext> Start(Request request, absl::Duration timeout,
                                             Method<Request, Response> method, Finish finish) {
    if (FaultFires(FaultPoint::kWorkerCallLost)) {
      mailbox_.Post([finish] { finish(Lost(), Response()); });
      return std::make_shared<grpc::ClientContext>();
    }
    if (FaultFires(FaultPoint::kWorkerCallRepeated)) {
      Send<Request, Response>(request, timeout, method,
                              [](const absl::Status&, const Response&) {});
    }
    if (FaultFires(FaultPoint::kWorkerAnswerLost)) {
      return Send<Request, Response>(
          std::move(request), timeout, method,
          [finish](const absl::Status&, const Response&) { finish(Lost(), Response()); });
    }
    return Send<Request, Response>(std::move(request), timeout, method, std::move(finish));
  }

  template <typename Request, typename Response, typename Finish>
  std::shared_ptr<grpc::ClientContext> Send(Request request, absl::Duration timeout,
                                            Method<Request, Response> method, Finish finish) {
    auto call = std::make_shared<Call<Request, Response>>();
    call->request = std::move(request);
    call->context.set_deadline(std::chrono::system_clock::now() +
                               absl::ToChronoMicroseconds(timeout));
    {
      MutexLock lock(mutex_);
      in_flight_.insert(&call->context);
    }
    (stub_->async()->*method)(&call->context, &call->request, &call->response,
                              [this, call, finish = std::move(finish)](const grpc::Status& status) {
                                mailbox_.Post([call, finish, status] {
                                  finish(wire::FromGrpcStatus(status), call->response);
                                });
                                MutexLock lock(mutex_);
                                in_flight_.erase(&call->context);
                                ended_.NotifyAll();
                              });
    return {call, &call->context};
  }

  Mailbox& mailbox_;
  std::unique_ptr<v1::WorkerService::Stub> stub_;
  std::shared_ptr<grpc::ClientContext> acquire_;  // the long poll in flight
  Mutex mutex_;
  CondVar ended_;
  std::set<grpc::ClientContext*> in_flight_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<ControllerClient> MakeGrpcControllerClient(const std::string& address,
                                                           const wire::ChannelSecurity& security,
                                                           Mailbox& mailbox) {
  return std::make_unique<GrpcControllerClient>(address, security, mailbox);
}

}  // namespace fp4::worker
