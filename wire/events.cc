#include "wire/events.h"

#include "fp4/v1/types.pb.h"
#include "wire/times.h"

namespace fp4::wire {
namespace {

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
void Fill(const spec::PrecisionSwitchEvent& event, v1::Event& message) {
  v1::PrecisionSwitch* filled = message.mutable_precision_switch();
  filled->set_step(event.step);
  filled->set_layer(event.layer);
  filled->set_to(event.to);
  filled->set_gradient(event.gradient);
  filled->set_gradient_above(event.gradient_above);
  filled->set_error(event.error);
  filled->set_error_above(event.error_above);
  filled->set_relative(event.relative);
}
void Fill(const spec::SensitivityEvent& event, v1::Event& message) {
  message.mutable_sensitivity()->set_step(event.step);
  message.mutable_sensitivity()->set_json(event.json);
}
void Fill(const spec::DecisionEvent& event, v1::Event& message) {
  message.mutable_decision()->set_step(event.step);
  message.mutable_decision()->set_json(event.json);
}
void Fill(const spec::FinishedEvent& event, v1::Event& message) {
  message.mutable_finished()->set_status(event.status);
  message.mutable_finished()->set_reason(event.reason);
}
void Fill(const spec::UnknownEvent& event, v1::Event& message) {
  message.mutable_unknown()->set_type(event.type);
  message.mutable_unknown()->set_json(event.json);
}

spec::MetricsEvent MetricsFromProto(const v1::Metrics& message) {
  spec::MetricsEvent event{.step = message.step(), .values = {}};
  for (const v1::Value& value : message.values()) {
    event.values.emplace_back(value.name(), value.value());
  }
  return event;
}

spec::PrecisionSwitchEvent SwitchFromProto(const v1::PrecisionSwitch& message) {
  return {.step = message.step(),
          .layer = message.layer(),
          .to = message.to(),
          .gradient = message.gradient(),
          .gradient_above = message.gradient_above(),
          .error = message.error(),
          .error_above = message.error_above(),
          .relative = message.relative()};
}

spec::EventKind KindFromProto(const v1::Event& message) {
  switch (message.kind_case()) {
    case v1::Event::kStarted:
      return spec::StartedEvent{message.started().json()};
    case v1::Event::kMetrics:
      return MetricsFromProto(message.metrics());
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
    case v1::Event::kPrecisionSwitch:
      return SwitchFromProto(message.precision_switch());
    case v1::Event::kSensitivity:
      return spec::SensitivityEvent{message.sensitivity().step(), message.sensitivity().json()};
    case v1::Event::kDecision:
      return spec::DecisionEvent{message.decision().step(), message.decision().json()};
    case v1::Event::kFinished:
      return spec::FinishedEvent{message.finished().status(), message.finished().reason()};
    case v1::Event::kUnknown:
      return spec::UnknownEvent{message.unknown().type(), message.unknown().json()};
    case v1::Event::kState:
    case v1::Event::KIND_NOT_SET:
      break;
  }
  return spec::UnknownEvent{};
}

}  // namespace

void KindToProto(const spec::EventKind& kind, v1::Event& message) {
  std::visit([&](const auto& event) { Fill(event, message); }, kind);
}

void ToProto(const spec::Event& event, v1::Event& message) {
  message.set_attempt(event.attempt);
  message.set_seq(event.seq);
  *message.mutable_time() = ToProto(event.time);
  KindToProto(event.kind, message);
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

spec::Event FromProto(const v1::Event& message) {
  return {.seq = message.seq(),
          .time = FromProto(message.time()),
          .attempt = message.attempt(),
          .kind = KindFromProto(message)};
}

}  // namespace fp4::wire
