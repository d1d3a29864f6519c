// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): the stream
// of the Watch RPC, with the commit number as the id by which a browser resumes.
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/rpc/convert_event.h"
#include "server/rpc/invalid_field.h"
#include "server/rpc/watch_position.h"
#include "server/web/context.h"
#include "server/web/handlers.h"
#include "wire/json/messages.h"

namespace fp4::web {
namespace {

constexpr int kPageSize = 200;
// A browser opens six connections to one host; the server has some hundred in all.
constexpr int kMaxStreams = 96;
constexpr char kKeepAlive[] = ": keep-alive\n\n";
// How long a browser waits before it comes back; where it stands comes with it.
constexpr char kPreamble[] = "retry: 2000\n\n";

absl::StatusOr<v1::WatchRequest> ReadWatchRequest(const Call& call) {
  Parameters parameters(call.request.query);
  v1::WatchRequest request;
  FP4_ASSIGN_OR_RETURN(*request.mutable_experiment_id(), parameters.Text("experiment"));
  for (std::string& run : parameters.All("run")) request.add_run_ids(std::move(run));
  FP4_ASSIGN_OR_RETURN(int64_t cursor, parameters.Integer("cursor", 0, 0, INT64_MAX));
  FP4_ASSIGN_OR_RETURN(const bool follow_only, parameters.Flag("follow_only"));
  FP4_RETURN_IF_ERROR(parameters.Finish());
  const std::string last(call.request.Header("last-event-id"));
  if (!last.empty() && (!absl::SimpleAtoi(last, &cursor) || cursor < 0)) {
    return rpc::InvalidField("Last-Event-ID", absl::StrCat("is '", last, "', which is no cursor"));
  }
  request.set_cursor(cursor);
  request.set_follow_only(follow_only && last.empty());
  return request;
}

// At any time one of: a page is being read (on a reader's thread), a piece is being sent (by the
// HTTP server), or it waits for a commit. Whoever completes the one starts the next.
class WatchStream : public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(Context& context, CallPtr call, v1::WatchRequest request)
      : context_(context), call_(std::move(call)), request_(std::move(request)) {}
  ~WatchStream() { --context_.num_streams; }

  void Start() { Read(); }

 private:
  void Read() {
    seen_ = context_.commits.count();
    context_.store.Read([self = shared_from_this()](store::Reader& reader) {
      if (!self->opened_) return self->Open(reader);
      self->SendPage(reader);
    });
  }

  void Open(store::Reader& reader) {
    absl::StatusOr<rpc::WatchPosition> position = rpc::ResolveWatch(reader, request_);
    if (!position.ok()) return call_->exchange->Answer(ErrorAnswer(position.status()));
    position_ = *std::move(position);
    opened_ = true;
    call_->exchange->StartStream(
        {.content_type = "text/event-stream",
         .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}},
        kKeepAlive, [self = shared_from_this()] { self->Stop(); });
    // An id alone fixes where a browser comes back to before the first event.
    Send(absl::StrCat(kPreamble, "id: ", position_.cursor,
                      "\nevent: position\ndata: {\"cursor\":", position_.cursor, "}\n\n"));
  }

  void SendPage(store::Reader& reader) {
    absl::StatusOr<store::EventPage> page = rpc::ReadWatchPage(reader, position_, kPageSize);
    if (!page.ok()) return call_->exchange->End();  // the browser comes back
    position_.cursor = page->next_cursor;
    std::string text;
    v1::Event message;
    for (const store::StoredEvent& event : page->events) {
      rpc::ToProto(event, message);
      const std::string json = wire::EventJson(message);
      if (!json.empty()) absl::StrAppend(&text, "id: ", event.cursor, "\ndata: ", json, "\n\n");
    }
    at_end_ = page->at_end;
    if (page->at_end && page->all_finished) {
      absl::StrAppend(&text, "id: ", position_.cursor, "\nevent: end\ndata: {}\n\n");
      call_->exchange->Write(std::move(text), nullptr);
      return call_->exchange->End();
    }
    text.empty() ? Continue() : Send(std::move(text));
  }

  void Send(std::string text) {
    call_->exchange->Write(std::move(text), [self = shared_from_this()] { self->Continue(); });
  }

  void Continue() { at_end_ ? WaitForCommit() : Read(); }

  // The connection holds the stream; the wait does not.
  void WaitForCommit() {
    at_end_ = false;
    const uint64_t wait = context_.commits.WhenAbove(seen_, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->Read();
    });
    MutexLock lock(mutex_);
    wait_ = wait;
    if (stopped_) context_.commits.Cancel(wait);
  }

  void Stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    context_.commits.Cancel(wait_);
  }

  Context& context_;
  const CallPtr call_;
  const v1::WatchRequest request_;

  // Touched only by the operation under way.
  bool opened_ = false, at_end_ = false;
  rpc::WatchPosition position_;
  uint64_t seen_ = 0;

  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t wait_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void WatchEvents(Context& context, const CallPtr& call) {
  absl::StatusOr<v1::WatchRequest> request = ReadWatchRequest(*call);
  if (!request.ok()) return Answer(*call, request.status());
  if (++context.num_streams > kMaxStreams) {
    --context.num_streams;
    return Answer(*call, absl::UnavailableError(absl::StrCat("there are ", kMaxStreams,
                                                             " streams already; close a page")));
  }
  std::make_shared<WatchStream>(context, call, *std::move(request))->Start();
}

}  // namespace fp4::web
