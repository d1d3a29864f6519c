#include "server/rpc/watch.h"

#include <memory>
#include <utility>

#include "base/reasons.h"
#include "base/status_macros.h"
#include "server/rpc/convert_event.h"
#include "server/rpc/watch_position.h"
#include "wire/status.h"

namespace fp4::rpc {
namespace {

// Small enough to be cheap for a reader that goes away, large enough that queries are few.
constexpr int kPageSize = 200;

// At any time one of: a page is being read (on a reader's thread), an event is being written (by
// gRPC), it waits for a commit, or it has finished. Whoever completes the one starts the next; only
// `Stop` comes from the side.
class Watch : public grpc::ServerWriteReactor<v1::Event>,
              public OpenCall,
              public std::enable_shared_from_this<Watch> {
 public:
  Watch(const WatchContext& context, const v1::WatchRequest& request)
      : context_(context), request_(request) {}

  void Start() {
    self_ = shared_from_this();
    if (!context_.open_calls.Add(self_)) EndForShutdown();
    Read();
  }

  void OnSendInitialMetadataDone(bool ok) override { OnWriteDone(ok); }

  void OnWriteDone(bool ok) override {
    if (!ok) Stop(absl::CancelledError("the caller has gone"));
    Continue();
  }

  void OnCancel() override { Stop(absl::CancelledError("the caller has gone")); }

  void EndForShutdown() override {
    Stop(ErrorWithReason(absl::StatusCode::kUnavailable, reason::kShuttingDown,
                         "the controller is stopping; watch again after the last cursor"));
  }

  void OnDone() override {
    // gRPC ends OnCancel before this by a count that ThreadSanitizer does not see; the lock it
    // sees.
    { MutexLock lock(mutex_); }
    context_.open_calls.Remove(self_);
    self_.reset();
  }

 private:
  // Ends the stream now if it only waits, else as soon as the operation under way is over.
  void Stop(absl::Status status) {
    uint64_t wait = 0;
    {
      MutexLock lock(mutex_);
      if (stop_.ok()) stop_ = std::move(status);
      if (!waiting_) return;
      waiting_ = false;
      wait = wait_;
    }
    context_.commits.Cancel(wait);
    Finish(wire::ToGrpcStatus(StopStatus()));
  }

  absl::Status StopStatus() {
    MutexLock lock(mutex_);
    return stop_;
  }

  void Read() {
    seen_ = context_.commits.count();
    context_.store.Read([self = shared_from_this()](store::Reader& reader) {
      absl::Status status = self->ReadPage(reader);
      if (!status.ok()) {
        self->Finish(wire::ToGrpcStatus(status));
      } else if (!std::exchange(self->headers_sent_, true)) {
        self->StartSendInitialMetadata();  // tells the caller that its position is fixed
      } else {
        self->Continue();
      }
    });
  }

  absl::Status ReadPage(store::Reader& reader) {
    if (!resolved_) {
      FP4_ASSIGN_OR_RETURN(position_, ResolveWatch(reader, request_));
      resolved_ = true;
    }
    FP4_ASSIGN_OR_RETURN(page_, ReadWatchPage(reader, position_, kPageSize));
    next_ = 0;
    position_.cursor = page_.next_cursor;
    return absl::OkStatus();
  }

  bool MoreIsStored() const { return !page_.at_end && position_.cursor < position_.last; }

  // Nothing is left that the caller asked for.
  bool AtEnd() const {
    if (next_ < page_.events.size()) return page_.events[next_].cursor > position_.last;
    return !MoreIsStored() && (page_.all_finished || request_.no_follow());
  }

  // No operation is under way: starts the next one.
  void Continue() {
    if (absl::Status status = StopStatus(); !status.ok()) {
      Finish(wire::ToGrpcStatus(status));
    } else if (AtEnd()) {
      Finish(grpc::Status::OK);
    } else if (next_ < page_.events.size()) {
      Write();
    } else if (MoreIsStored()) {
      Read();
    } else {
      WaitForCommit();
    }
  }

  void Write() {
    ToProto(page_.events[next_++], event_);
    grpc::WriteOptions options;
    if (next_ < page_.events.size()) options.set_buffer_hint();
    StartWrite(&event_, options);
  }

  void WaitForCommit() {
    {
      MutexLock lock(mutex_);
      waiting_ = true;
      wait_ = 0;
    }
    const uint64_t wait = context_.commits.WhenAbove(seen_, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->Wake();
    });
    bool stopped_meanwhile;
    {
      MutexLock lock(mutex_);
      stopped_meanwhile = !waiting_;
      wait_ = wait;
    }
    if (stopped_meanwhile) context_.commits.Cancel(wait);
  }

  void Wake() {
    {
      MutexLock lock(mutex_);
      if (!waiting_) return;
      waiting_ = false;
    }
    Read();
  }

  const WatchContext context_;
  const v1::WatchRequest request_;
  std::shared_ptr<Watch> self_;  // until OnDone

  // Touched only by the operation under way.
  bool resolved_ = false, headers_sent_ = false;
  WatchPosition position_;
  store::EventPage page_;
  size_t next_ = 0;
  v1::Event event_;
  uint64_t seen_ = 0;

  Mutex mutex_;
  absl::Status stop_ ABSL_GUARDED_BY(mutex_);
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t wait_ ABSL_GUARDED_BY(mutex_) = 0;  // of commits, when waiting
};

}  // namespace

grpc::ServerWriteReactor<v1::Event>* StartWatch(const WatchContext& context,
                                                const v1::WatchRequest& request) {
  auto watch = std::make_shared<Watch>(context, request);
  watch->Start();
  return watch.get();
}

}  // namespace fp4::rpc
