// The long poll behind Acquire.
#pragma once

#include "fp4/v1/workers.grpc.pb.h"
#include "server/rpc/open_calls.h"
#include "server/store/store.h"

namespace fp4::rpc {

// Answers when the store has something for the worker or its wait has passed. When the connection
// breaks the store is told that the worker does not wait any more, so that it is not given work
// that it would not hear of. gRPC owns the reactor through its OnDone; `response` is the call's.
grpc::ServerUnaryReactor* StartAcquire(store::Store& store, OpenCalls& open_calls,
                                       store::AcquireWork request, v1::AcquireResponse* response);

}  // namespace fp4::rpc
