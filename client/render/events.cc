// EventJson: the wire's events back in the form of the event log.
#include "spec/events.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "client/render/json.h"
#include "client/render/runs.h"

namespace fp4::client {
namespace {

using Json = nlohmann::ordered_json;

spec::MetricsEvent ToMetrics(const v1::Metrics& metrics) {
  spec::MetricsEvent event{.step = metrics.step(), .values = {}};
  for (const v1::Value& value : metrics.values())
    event.values.emplace_back(value.name(), value.value());
  return event;
}

spec::Event ToLogEvent(const v1::Event& event) {
  spec::Event result{
      .seq = event.seq(), .time = ToTime(event.time()), .attempt = event.attempt(), .kind = {}};
  if (event.has_started()) {
    result.kind = spec::StartedEvent{event.started().json()};
  } else if (event.has_metrics()) {
    result.kind = ToMetrics(event.metrics());
  } else if (event.has_checkpoint()) {
    const auto& it = event.checkpoint();
    result.kind = spec::CheckpointEvent{it.path(), it.step(), it.bytes(), it.sha256()};
  } else if (event.has_health()) {
    const auto& it = event.health();
    result.kind = spec::HealthEvent{it.severity(), it.code(), it.layer(), it.message()};
  } else if (event.has_log()) {
    result.kind = spec::LogEvent{event.log().severity(), event.log().message()};
  } else if (event.has_finished()) {
    result.kind = spec::FinishedEvent{event.finished().status(), event.finished().reason()};
  }
  return result;
}

std::string StateJson(const v1::Event& event) {
  Json json = {{"run", event.run_id()},
               {"cursor", event.cursor()},
               {"time", FormatTimestamp(ToTime(event.time()))},
               {"attempt", event.attempt()},
               {"type", "state"},
               {"state", StateName(event.state().state())},
               {"reason", event.state().reason()},
               {"message", event.state().message()},
               {"worker", event.state().worker()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string EventJson(const v1::Event& event) {
  if (event.has_state()) return StateJson(event);
  // FormatEvent's text stays as it is, so that a line equals the log's but for the two names in
  // front.
  const std::string line = spec::FormatEvent(ToLogEvent(event));
  return absl::StrCat("{\"run\":", Json(event.run_id()).dump(), ",\"cursor\":", event.cursor(), ",",
                      line.substr(1));
}

}  // namespace fp4::client
