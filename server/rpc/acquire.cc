#include "server/rpc/acquire.h"

#include <atomic>
#include <memory>

#include "base/reasons.h"
#include "server/rpc/convert_worker.h"
#include "wire/status.h"

namespace fp4::rpc {
namespace {

class Acquisition : public grpc::ServerUnaryReactor,
                    public OpenCall,
                    public std::enable_shared_from_this<Acquisition> {
 public:
  Acquisition(store::Store& store, OpenCalls& open_calls, const store::AcquireWork& request,
              v1::AcquireResponse* response)
      : store_(store),
        open_calls_(open_calls),
        worker_id_(request.worker_id),
        incarnation_(request.incarnation),
        response_(response) {}

  void Start(store::AcquireWork request) {
    self_ = shared_from_this();
    if (!open_calls_.Add(self_)) {
      Finish(wire::ToGrpcStatus(ShuttingDown()));
      return;
    }
    store_.Acquire(
        std::move(request),
        [self = self_](const absl::StatusOr<store::AcquiredWork>& work) { self->Answer(work); });
  }

  void OnCancel() override { store_.CancelAcquire(worker_id_, incarnation_); }

  void EndForShutdown() override {
    stopping_ = true;
    store_.CancelAcquire(worker_id_, incarnation_);
  }

  void OnDone() override {
    open_calls_.Remove(self_);
    self_.reset();
  }

 private:
  static absl::Status ShuttingDown() {
    return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kShuttingDown,
                           "the controller is stopping");
  }

  void Answer(const absl::StatusOr<store::AcquiredWork>& work) {
    absl::Status status = work.status();
    if (work.ok()) *response_ = ToProto(*work);
    const bool nothing = work.ok() && work->assignments.empty() && work->stop.empty();
    if (nothing && stopping_) status = ShuttingDown();
    Finish(wire::ToGrpcStatus(status));
  }

  store::Store& store_;
  OpenCalls& open_calls_;
  const std::string worker_id_, incarnation_;
  v1::AcquireResponse* const response_;
  std::atomic<bool> stopping_ = false;
  std::shared_ptr<Acquisition> self_;  // until OnDone
};

}  // namespace

grpc::ServerUnaryReactor* StartAcquire(store::Store& store, OpenCalls& open_calls,
                                       store::AcquireWork request, v1::AcquireResponse* response) {
  auto call = std::make_shared<Acquisition>(store, open_calls, request, response);
  call->Start(std::move(request));
  return call.get();
}

}  // namespace fp4::rpc
