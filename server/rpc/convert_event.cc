#include "server/rpc/convert_event.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "wire/events.h"
#include "wire/times.h"

namespace fp4::rpc {
namespace {

void Fill(const store::StateChange& change, v1::Event& message) {
  v1::StateChange* state = message.mutable_state();
  state->set_state(ToProto(change.state));
  state->set_reason(change.reason);
  state->set_message(change.message);
  state->set_worker(change.worker);
}
void Fill(const spec::EventKind& kind, v1::Event& message) { wire::KindToProto(kind, message); }

absl::Status Unfit(const v1::Event& message, std::string_view problem) {
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
      absl::StrCat("event with seq ", message.seq(), ": ", std::string(problem)));
}

}  // namespace

v1::RunState ToProto(core::RunState state) {
  switch (state) {
    case core::RunState::kQueued:
      return v1::RUN_STATE_QUEUED;
    case core::RunState::kAssigned:
      return v1::RUN_STATE_ASSIGNED;
    case core::RunState::kRunning:
      return v1::RUN_STATE_RUNNING;
    case core::RunState::kCancelling:
      return v1::RUN_STATE_CANCELLING;
    case core::RunState::kCompleted:
      return v1::RUN_STATE_COMPLETED;
    case core::RunState::kFailed:
      return v1::RUN_STATE_FAILED;
    case core::RunState::kCancelled:
      return v1::RUN_STATE_CANCELLED;
  }
  return v1::RUN_STATE_UNSPECIFIED;
}

absl::StatusOr<core::RunState> FromProto(v1::RunState state) {
  for (core::RunState candidate : core::kRunStates) {
    if (ToProto(candidate) == state) return candidate;
  }
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
      absl::StrCat("states: ", static_cast<int>(state), " is not a state of a run"));
}

void ToProto(const store::StoredEvent& event, v1::Event& message) {
  message.Clear();
  message.set_cursor(event.cursor);
  message.set_run_id(event.run_id);
  message.set_attempt(event.attempt);
  message.set_seq(event.seq);
  *message.mutable_time() = wire::ToProto(event.time);
  std::visit([&](const auto& kind) { Fill(kind, message); }, event.kind);
}

absl::StatusOr<spec::Event> FromProto(const v1::Event& message) {
  if (message.seq() < 1) return Unfit(message, "seq counts from 1");
  if (message.attempt() < 1) return Unfit(message, "attempt counts from 1");
  if (message.has_state()) return Unfit(message, "a state change is the controller's to make");
  return wire::FromProto(message);
}

}  // namespace fp4::rpc
