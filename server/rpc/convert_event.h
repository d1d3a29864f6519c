// Events between the wire, the store and the event log. Part of the conversion layer.
#pragma once

#include "absl/status/statusor.h"
#include "fp4/v1/types.pb.h"
#include "server/store/records.h"
#include "spec/events.h"

namespace fp4::rpc {

v1::RunState ToProto(core::RunState state);
// INVALID_ARGUMENT for a number that is not a state.
absl::StatusOr<core::RunState> FromProto(v1::RunState state);

void ToProto(const store::StoredEvent& event, v1::Event& message);

// What a worker reports. INVALID_ARGUMENT names the seq: no seq, no attempt, or a kind that only
// the controller makes. A kind that is not known here is an UnknownEvent.
absl::StatusOr<spec::Event> FromProto(const v1::Event& message);

}  // namespace fp4::rpc
