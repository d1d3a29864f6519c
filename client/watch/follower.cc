#include "client/watch/follower.h"

#include <algorithm>

#include "base/clock.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::client {
namespace {

// Whether the connection failed rather than the request: errors that the controller itself means
// carry a reason.
bool IsConnectionLoss(const absl::Status& status) {
  auto reason = ReasonOf(status);
  if (reason.has_value()) return *reason == reason::kShuttingDown;
  return absl::IsUnavailable(status) || absl::IsCancelled(status) || absl::IsUnknown(status) ||
         absl::IsInternal(status);
}

}  // namespace

Follower::Follower(v1::WatchRequest request, Callbacks callbacks, const Options& options)
    : request_(std::move(request)),
      callbacks_(std::move(callbacks)),
      options_(options),
      backoff_(options.first_delay, options.longest_delay,
               static_cast<uint64_t>(absl::ToUnixNanos(SystemClock().Now()))),
      ever_connected_(options.known) {}

absl::Status Follower::Run() {
  while (true) {
    absl::Status status = FollowOneStream();
    if (Stopped()) return absl::CancelledError("stopped");
    if (status.ok() || !ever_connected_ || !IsConnectionLoss(status)) return status;
    if (!lost_) callbacks_.on_connection(status);
    lost_ = true;
    if (waited_ >= options_.patience) return status;
    if (!WaitBeforeRetry()) return absl::CancelledError("stopped");
  }
}

absl::Status Follower::FollowOneStream() {
  FP4_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, callbacks_.connect());
  std::unique_ptr<WatchStream> stream = connection->Watch(request_);
  {
    MutexLock lock(mutex_);
    stream_ = stream.get();
    if (stopped_) stream->Cancel();
  }
  v1::Event event;
  while (stream->Next(event)) {
    ever_connected_ = true;
    waited_ = absl::ZeroDuration();
    backoff_.Reset();
    if (lost_) callbacks_.on_connection(absl::OkStatus());
    lost_ = false;
    request_.set_cursor(event.cursor());
    callbacks_.on_event(event);
  }
  {
    MutexLock lock(mutex_);
    stream_ = nullptr;
  }
  return stream->Finish();
}

bool Follower::WaitBeforeRetry() {
  const absl::Duration delay = backoff_.Next();
  const absl::Time end = absl::Now() + delay;
  waited_ += delay;
  MutexLock lock(mutex_);
  while (!stopped_ && absl::Now() < end) changed_.WaitFor(lock, end - absl::Now());
  return !stopped_;
}

bool Follower::Stopped() {
  MutexLock lock(mutex_);
  return stopped_;
}

void Follower::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  if (stream_ != nullptr) stream_->Cancel();
  changed_.NotifyAll();
}

}  // namespace fp4::client
