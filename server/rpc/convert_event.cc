#include "server/rpc/convert_event.h"

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "server/rpc/convert_time.h"

namespace fp4::rpc {
namespace {

using Kind = decltype(spec::Event::kind);

void Fill(const spec::StartedEvent& event, v1::Event& message) {
  message.mutable_started()->set_json(event.json);
}
void Fill(const spec::MetricsEvent& event, v1::Event& message) {
  v1::Metrics* metrics = message.mutable_metrics();
  metrics->set_step(event.step);
  for (const auto& [name, number] : event.values) {
    v1::Value* value = metrics->add_values();
    value->set_name(name);
    value->set_value(number);
  }
}
void Fill(const spec::CheckpointEvent& event, v1::Event& message) {
  *message.mutable_checkpoint() = ToProto(event);
}
void Fill(const spec::HealthEvent& event, v1::Event& message) {
  *message.mutable_health() = ToProto(event);
}
void Fill(const spec::LogEvent& event, v1::Event& message) {
  message.mutable_log()->set_severity(event.severity);
  message.mutable_log()->set_message(event.message);
}
void Fill(const spec::FinishedEvent& event, v1::Event& message) {
  message.mutable_finished()->set_status(event.status);
  message.mutable_finished()->set_reason(event.reason);
}
void Fill(const store::StateChange& change, v1::Event& message) {
  v1::StateChange* state = message.mutable_state();
  state->set_state(ToProto(change.state));
  state->set_reason(change.reason);
  state->set_message(change.message);
  state->set_worker(change.worker);
}

absl::Status Unfit(const v1::Event& message, std::string_view problem) {
  return ErrorWithReason(
      absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
      absl::StrCat("event with seq ", message.seq(), ": ", std::string(problem)));
}

spec::MetricsEvent FromProto(const v1::Metrics& message) {
  spec::MetricsEvent event{.step = message.step(), .values = {}};
  for (const v1::Value& value : message.values()) {
    event.values.emplace_back(value.name(), value.value());
  }
  return event;
}

absl::StatusOr<Kind> KindFromProto(const v1::Event& message) {
  switch (message.kind_case()) {
    case v1::Event::kStarted:
      return spec::StartedEvent{message.started().json()};
    case v1::Event::kMetrics:
      return FromProto(message.metrics());
    case v1::Event::kCheckpoint: {
      const v1::Checkpoint& point = message.checkpoint();
      return spec::CheckpointEvent{point.path(), point.step(), point.bytes(), point.sha256()};
    }
    case v1::Event::kHealth: {
      const v1::Health& health = message.health();
      return spec::HealthEvent{health.severity(), health.code(), health.layer(), health.message()};
    }
    case v1::Event::kLog:
      return spec::LogEvent{message.log().severity(), message.log().message()};
    case v1::Event::kFinished:
      return spec::FinishedEvent{message.finished().status(), message.finished().reason()};
    case v1::Event::kState:
      return Unfit(message, "a state change is the controller's to make");
    case v1::Event::KIND_NOT_SET:
      break;
  }
  return Unfit(message, "has no kind that this controller knows");
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
  *message.mutable_time() = ToProto(event.time);
  std::visit([&](const auto& kind) { Fill(kind, message); }, event.kind);
}

v1::Checkpoint ToProto(const spec::CheckpointEvent& event) {
  v1::Checkpoint message;
  message.set_path(event.path);
  message.set_step(event.step);
  message.set_bytes(event.bytes);
  message.set_sha256(event.sha256);
  return message;
}

v1::Health ToProto(const spec::HealthEvent& event) {
  v1::Health message;
  message.set_severity(event.severity);
  message.set_code(event.code);
  message.set_layer(event.layer);
  message.set_message(event.message);
  return message;
}

absl::StatusOr<spec::Event> FromProto(const v1::Event& message) {
  if (message.seq() < 1) return Unfit(message, "seq counts from 1");
  if (message.attempt() < 1) return Unfit(message, "attempt counts from 1");
  absl::StatusOr<Kind> kind = KindFromProto(message);
  if (!kind.ok()) return kind.status();
  return spec::Event{.seq = message.seq(),
                     .time = FromProto(message.time()),
                     .attempt = message.attempt(),
                     .kind = *std::move(kind)};
}

}  // namespace fp4::rpc
