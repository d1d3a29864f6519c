#include "base/status_macros.h"
#include "base/version.h"
#include "server/rpc/convert_worker.h"
#include "server/web/context.h"
#include "server/web/handlers.h"
#include "wire/json/messages.h"
#include "wire/json/values.h"

namespace fp4::web {
namespace {

// What the store answers on its writer's thread becomes JSON on a reader's.
template <typename Reply, typename Make>
store::Done<Reply> AnswerElsewhere(Context& context, const CallPtr& call, Make make) {
  return [&context, call, make](absl::StatusOr<Reply> reply) {
    AnswerByRead(context.store, call, [make, reply = std::move(reply)](store::Reader&) -> AnswerOr {
      if (!reply.ok()) return reply.status();
      return JsonAnswer(make(*reply));
    });
  };
}

// All of the queue, page after page.
void ReadQueue(Context& context, const CallPtr& call,
               const std::shared_ptr<v1::ListQueueResponse>& queue) {
  const int64_t after = queue->runs().empty() ? 0 : queue->runs().rbegin()->position();
  context.store.ListQueue(after, store::kMaxPageSize,
                          [=, &context](const absl::StatusOr<core::QueuePage>& page) {
                            if (!page.ok()) return Answer(*call, page.status());
                            queue->MergeFrom(rpc::ToProto(*page));
                            if (static_cast<int64_t>(page->runs.size()) == store::kMaxPageSize) {
                              return ReadQueue(context, call, queue);
                            }
                            AnswerByRead(context.store, call, [queue](store::Reader&) -> AnswerOr {
                              return JsonAnswer(wire::QueueJson(*queue));
                            });
                          });
}

}  // namespace

void ListQueue(Context& context, const CallPtr& call) {
  const absl::Status unknown = Parameters(call->request.query).Finish();
  if (!unknown.ok()) return Answer(*call, unknown);
  ReadQueue(context, call, std::make_shared<v1::ListQueueResponse>());
}

void ListWorkers(Context& context, const CallPtr& call) {
  const absl::Status unknown = Parameters(call->request.query).Finish();
  if (!unknown.ok()) return Answer(*call, unknown);
  context.store.ListWorkers(AnswerElsewhere<std::vector<store::WorkerRecord>>(
      context, call, [](const std::vector<store::WorkerRecord>& workers) {
        v1::ListWorkersResponse message;
        for (const store::WorkerRecord& worker : workers) {
          *message.add_workers() = rpc::ToProto(worker);
        }
        return wire::WorkersJson(message);
      }));
}

void GetVersion(Context&, const CallPtr& call) {
  Answer(*call, JsonAnswer(wire::Dump({{"version", std::string(Version())},
                                       {"revision", std::string(GitRevision())}})));
}

}  // namespace fp4::web
