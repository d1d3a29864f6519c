// Why queued runs wait, in the answers that hold them.
#pragma once

#include <functional>
#include <vector>

#include "fp4/v1/experiments.pb.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Makes it the message of those of the runs that are queued, then calls `done`: at once when none
// is, else on the store's writer, which it must not block. The runs live until then.
void ExplainWaiting(store::Store& store, std::vector<v1::Run*> runs, std::function<void()> done);

}  // namespace fp4::rpc
