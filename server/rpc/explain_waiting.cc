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
                                      const absl::StatusOr<std::vector<std::string>>& reasons) {
    for (size_t i = 0; reasons.ok() && i < runs.size(); ++i) {
      if (!reasons->at(i).empty()) runs[i]->set_message(reasons->at(i));
    }
    done();
  });
}

}  // namespace fp4::rpc
