// The event log: one JSON object a line in events.jsonl, written by the trainer only. The interface
// between trainer and worker; `fp4ctl watch -o json` prints the same objects with "run" and
// "cursor" added.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fp4::spec {

struct StartedEvent {
  std::string json;  // one JSON object: version, git_revision, torch_version, device, device_name,
                     // instruction_set, threads, compute_dtype, data_sha256, num_parameters,
                     // tokens_per_step, resumed_from_step, document, layers
};
struct MetricsEvent {
  int64_t step = 0;
  std::vector<std::pair<std::string, double>> values;
};
struct CheckpointEvent {
  std::string path;  // absolute: the folder
  int64_t step = 0;
  int64_t bytes = 0;
  std::string sha256;  // of state.safetensors
};
struct HealthEvent {
  std::string severity, code, layer, message;
};
struct LogEvent {
  std::string severity, message;
};
// A layer has changed its precision (precision.adaptive), with the numbers behind it: moving
// averages over the updates, and the bounds that they are compared with; a bound of 0 is off.
struct PrecisionSwitchEvent {
  int64_t step = 0;  // after this update
  std::string layer;
  std::string to;                           // "high", or "low": back
  double gradient = 0, gradient_above = 0;  // of mean |G|
  double error = 0, error_above = 0;        // of mean |Q(W) - W|
  bool relative = true;                     // whether these are shares of mean |W|
};
// What layers would cost the loss under other recipes (`sensitivity`).
struct SensitivityEvent {
  int64_t step = 0;  // of the weights: completed updates
  std::string json;  // one JSON object: a ScoreTable of spec/score_table.h
};
// What a budget has decided (precision.budget), with its evidence.
struct DecisionEvent {
  int64_t step = 0;  // after this update
  std::string json;  // one JSON object: a Decision of spec/score_table.h
};
struct FinishedEvent {
  std::string status;  // a word of base/trainer_exit.h
  std::string reason;
};
// A kind that this program does not know: a newer one wrote it. It keeps its place among the events
// (its seq) and what it says; nobody here acts on it.
struct UnknownEvent {
  std::string type;  // empty: not known either
  std::string json;  // its other fields, one JSON object
};

using EventKind = std::variant<StartedEvent, MetricsEvent, CheckpointEvent, HealthEvent, LogEvent,
                               PrecisionSwitchEvent, SensitivityEvent, DecisionEvent, FinishedEvent,
                               UnknownEvent>;

struct Event {
  int64_t seq = 0;
  absl::Time time;
  int32_t attempt = 0;
  EventKind kind;
};

// One line without its newline. A non-finite number is written as "NaN", "Infinity" or "-Infinity"
// in quotes.
std::string FormatEvent(const Event& event);

// INVALID_ARGUMENT says what is wrong with the line. A type that is not known is nothing wrong: the
// event is an UnknownEvent then.
absl::StatusOr<Event> ParseEvent(std::string_view line);

// What an event says as a sentence without a full stop.
std::string Describe(const PrecisionSwitchEvent& event);
std::string Describe(const SensitivityEvent& event);
std::string Describe(const DecisionEvent& event);

// A number of an event as JSON text: shortest form that reads back to the same double, quoted when
// not finite.
std::string FormatNumber(double value);

}  // namespace fp4::spec
