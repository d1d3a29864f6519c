#include "server/rpc/explain_waiting.h"

#include <string>
#include <utility>

namespace fp4::rpc {

void ExplainWaiting(store::Store& store, std::vector<v1::Run*> runs, std::function<void()> done) {
  std::erase_if(runs, [](const v1::Run* run) { return run->state() != v1::RUN_STATE_QUEUED; });
  if (runs.empty()) return done();
  std::vector<std::string> ids;
  for (const v1::Run* run : runs) ids.push_back(run->id());
  store.WhyQueued(std::move(ids), [runs = std::move(runs), done = std::move(done)](
                                      const absl::StatusOr<std::vector<core::QueuedRun>>& waiting) {
    for (size_t i = 0; waiting.ok() && i < runs.size(); ++i) {
      const core::QueuedRun& run = waiting->at(i);
      if (run.reason.empty()) continue;
      runs[i]->set_message(run.why);
      runs[i]->set_wait_reason(run.reason);
      runs[i]->set_needs(run.needs);
    }
    done();
  });
}

}  // namespace fp4::rpc
