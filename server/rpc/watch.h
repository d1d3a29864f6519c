// The stream behind Watch.
#pragma once

#include "fp4/v1/experiments.grpc.pb.h"
#include "server/rpc/commit_signal.h"
#include "server/rpc/open_calls.h"
#include "server/store/store.h"

namespace fp4::rpc {

// What watches share; outlives them all.
struct WatchContext {
  store::Store& store;
  CommitSignal& commits;
  OpenCalls& open_calls;
};

// Starts a stream of stored events in commit order. The next page is read when the last one has
// been taken by the transport, so that a slow reader costs one page of memory and holds neither a
// snapshot nor the writer. gRPC owns the reactor through its OnDone.
grpc::ServerWriteReactor<v1::Event>* StartWatch(const WatchContext& context,
                                                const v1::WatchRequest& request);

}  // namespace fp4::rpc
