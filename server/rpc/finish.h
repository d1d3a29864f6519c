// How handlers end a call.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/support/server_callback.h"
#include "wire/status.h"

namespace fp4::rpc {

// Sends the message, or the error. `response` is the call's.
template <typename Message>
void Finish(grpc::ServerUnaryReactor* reactor, absl::StatusOr<Message> message, Message* response) {
  if (message.ok()) *response = *std::move(message);
  reactor->Finish(wire::ToGrpcStatus(message.status()));
}

// The same for what the store answers.
template <typename Reply, typename Message>
void FinishConverted(grpc::ServerUnaryReactor* reactor, const absl::StatusOr<Reply>& reply,
                     Message* response) {
  if (reply.ok()) *response = ToProto(*reply);
  reactor->Finish(wire::ToGrpcStatus(reply.status()));
}

}  // namespace fp4::rpc
