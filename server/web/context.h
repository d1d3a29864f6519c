// What the handlers of the HTTP API share.
#pragma once

#include <atomic>

#include "server/rpc/commit_signal.h"
#include "server/store/store.h"

namespace fp4::web {

struct Context {
  explicit Context(store::Store& store) : store(store), commits(store) {}

  store::Store& store;
  rpc::CommitSignal commits;
  std::atomic<int> num_streams = 0;
};

}  // namespace fp4::web
