#include "spec/events.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "spec/score_table.h"

namespace fp4::spec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kCommonFields = {"seq", "time", "attempt", "type"};

// A program's output may hold any bytes; what is not UTF-8 is replaced, so that the line stays
// JSON.
std::string Dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Field(std::string_view name, const Json& value) {
  return absl::StrCat(",\"", absl::string_view(name.data(), name.size()), "\":", Dump(value));
}

// Of a kind whose fields are one JSON object; a text that is none counts as one without fields.
std::string ObjectFields(const std::string& type, const std::string& json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const std::string text = object.is_object() ? Dump(object) : "{}";
  const std::string start = absl::StrCat(R"("type":)", Dump(type));
  return text == "{}" ? start : absl::StrCat(start, ",", text.substr(1, text.size() - 2));
}

std::string Fields(const StartedEvent& event) { return ObjectFields("started", event.json); }

std::string Fields(const UnknownEvent& event) { return ObjectFields(event.type, event.json); }

std::string Fields(const MetricsEvent& event) {
  std::string text = absl::StrCat(R"("type":"metrics","step":)", event.step, R"(,"values":{)");
  const char* separator = "";
  for (const auto& [name, value] : event.values) {
    absl::StrAppend(&text, separator, Dump(name), ":", FormatNumber(value));
    separator = ",";
  }
  return text + "}";
}

std::string Fields(const CheckpointEvent& event) {
  return absl::StrCat(R"("type":"checkpoint")", Field("path", event.path),
                      Field("step", event.step), Field("bytes", event.bytes),
                      Field("sha256", event.sha256));
}

std::string Fields(const HealthEvent& event) {
  return absl::StrCat(R"("type":"health")", Field("severity", event.severity),
                      Field("code", event.code), Field("layer", event.layer),
                      Field("message", event.message));
}

std::string Fields(const LogEvent& event) {
  return absl::StrCat(R"("type":"log")", Field("severity", event.severity),
                      Field("message", event.message));
}

std::string Fields(const PrecisionSwitchEvent& event) {
  return absl::StrCat(R"("type":"precision_switch")", Field("step", event.step),
                      Field("layer", event.layer), Field("to", event.to), R"(,"gradient":)",
                      FormatNumber(event.gradient), R"(,"gradient_above":)",
                      FormatNumber(event.gradient_above), R"(,"error":)", FormatNumber(event.error),
                      R"(,"error_above":)", FormatNumber(event.error_above),
                      Field("relative", event.relative));
}

// Of a kind with a step and one JSON object beside it.
std::string StepAndObject(const std::string& type, int64_t step, const std::string& json) {
  const std::string with_step = absl::StrCat("{\"step\":", step);
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const bool none = !object.is_object() || object.empty();
  return ObjectFields(
      type, none ? with_step + "}" : absl::StrCat(with_step, ",", Dump(object).substr(1)));
}

std::string Fields(const SensitivityEvent& event) {
  return StepAndObject("sensitivity", event.step, event.json);
}

std::string Fields(const DecisionEvent& event) {
  return StepAndObject("decision", event.step, event.json);
}

std::string Fields(const FinishedEvent& event) {
  return absl::StrCat(R"("type":"finished")", Field("status", event.status),
                      Field("reason", event.reason));
}

constexpr int kDeepest = 64;

// How deep the line nests: writing JSON back recurses, and a line can be of any kind.
int Depth(std::string_view line) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  return deepest;
}

absl::Status Wrong(std::string_view name, std::string_view expected, const Json& value) {
  std::string shown = Dump(value);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  return absl::InvalidArgumentError(absl::StrCat("event: '", std::string(name), "' should be ",
                                                 std::string(expected), ", is ", shown));
}

absl::StatusOr<const Json*> Find(const Json& object, const char* name) {
  auto found = object.find(name);
  if (found == object.end()) {
    return absl::InvalidArgumentError(absl::StrCat("event: '", name, "' is missing"));
  }
  return &*found;
}

absl::Status Read(const Json& object, const char* name, std::string& out) {
  FP4_ASSIGN_OR_RETURN(const Json* value, Find(object, name));
  if (!value->is_string()) return Wrong(name, "a string", *value);
  out = value->get<std::string>();
  return absl::OkStatus();
}

template <typename Integer>
absl::Status Read(const Json& object, const char* name, Integer& out) {
  FP4_ASSIGN_OR_RETURN(const Json* value, Find(object, name));
  // A whole number beyond int64 is read as unsigned.
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() ||
                     value->get<uint64_t>() <= uint64_t{std::numeric_limits<Integer>::max()});
  if (!fits || value->get<int64_t>() < 0 ||
      value->get<int64_t>() > std::numeric_limits<Integer>::max()) {
    return Wrong(name, "a whole number, 0 or more", *value);
  }
  out = static_cast<Integer>(value->get<int64_t>());
  return absl::OkStatus();
}

std::optional<double> ToNumber(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

absl::Status Read(const Json& object, const char* name, double& out) {
  FP4_ASSIGN_OR_RETURN(const Json* value, Find(object, name));
  const std::optional<double> number = ToNumber(*value);
  if (!number) return Wrong(name, "a number", *value);
  out = *number;
  return absl::OkStatus();
}

absl::Status Read(const Json& object, const char* name, bool& out) {
  FP4_ASSIGN_OR_RETURN(const Json* value, Find(object, name));
  if (!value->is_boolean()) return Wrong(name, "true or false", *value);
  out = value->get<bool>();
  return absl::OkStatus();
}

std::string OwnFields(const Json& object) {
  Json rest = object;
  for (const char* name : kCommonFields) rest.erase(name);
  return Dump(rest);
}

absl::Status ReadKind(const Json& object, StartedEvent& event) {
  event.json = OwnFields(object);
  return absl::OkStatus();
}

absl::Status ReadKind(const Json& object, MetricsEvent& event) {
  FP4_RETURN_IF_ERROR(Read(object, "step", event.step));
  FP4_ASSIGN_OR_RETURN(const Json* values, Find(object, "values"));
  if (!values->is_object()) return Wrong("values", "an object", *values);
  for (const auto& [name, value] : values->items()) {
    std::optional<double> number = ToNumber(value);
    if (!number) return Wrong("values." + name, "a number", value);
    event.values.emplace_back(name, *number);
  }
  return absl::OkStatus();
}

absl::Status ReadKind(const Json& object, CheckpointEvent& event) {
  FP4_RETURN_IF_ERROR(Read(object, "path", event.path));
  FP4_RETURN_IF_ERROR(Read(object, "step", event.step));
  FP4_RETURN_IF_ERROR(Read(object, "bytes", event.bytes));
  return Read(object, "sha256", event.sha256);
}

absl::Status ReadKind(const Json& object, HealthEvent& event) {
  FP4_RETURN_IF_ERROR(Read(object, "severity", event.severity));
  FP4_RETURN_IF_ERROR(Read(object, "code", event.code));
  FP4_RETURN_IF_ERROR(Read(object, "layer", event.layer));
  return Read(object, "message", event.message);
}

absl::Status ReadKind(const Json& object, LogEvent& event) {
  FP4_RETURN_IF_ERROR(Read(object, "severity", event.severity));
  return Read(object, "message", event.message);
}

absl::Status ReadKind(const Json& object, PrecisionSwitchEvent& event) {
  FP4_RETURN_IF_ERROR(Read(object, "step", event.step));
  FP4_RETURN_IF_ERROR(Read(object, "layer", event.layer));
  FP4_RETURN_IF_ERROR(Read(object, "to", event.to));
  FP4_RETURN_IF_ERROR(Read(object, "gradient", event.gradient));
  FP4_RETURN_IF_ERROR(Read(object, "gradient_above", event.gradient_above));
  FP4_RETURN_IF_ERROR(Read(object, "error", event.error));
  FP4_RETURN_IF_ERROR(Read(object, "error_above", event.error_above));
  return Read(object, "relative", event.relative);
}

template <typename Kind>
absl::Status ReadStepAndObject(const Json& object, Kind& event) {
  FP4_RETURN_IF_ERROR(Read(object, "step", event.step));
  Json rest = object;
  rest.erase("step");
  event.json = OwnFields(rest);
  return absl::OkStatus();
}

absl::Status ReadKind(const Json& object, SensitivityEvent& event) {
  return ReadStepAndObject(object, event);
}

absl::Status ReadKind(const Json& object, DecisionEvent& event) {
  return ReadStepAndObject(object, event);
}

absl::Status ReadKind(const Json& object, FinishedEvent& event) {
  FP4_RETURN_IF_ERROR(Read(object, "status", event.status));
  return Read(object, "reason", event.reason);
}

template <typename Kind>
absl::Status ReadAs(const Json& object, Event& event) {
  return ReadKind(object, event.kind.emplace<Kind>());
}

absl::Status ReadKindNamed(const std::string& type, const Json& object, Event& event) {
  if (type == "started") return ReadAs<StartedEvent>(object, event);
  if (type == "metrics") return ReadAs<MetricsEvent>(object, event);
  if (type == "checkpoint") return ReadAs<CheckpointEvent>(object, event);
  if (type == "health") return ReadAs<HealthEvent>(object, event);
  if (type == "log") return ReadAs<LogEvent>(object, event);
  if (type == "precision_switch") return ReadAs<PrecisionSwitchEvent>(object, event);
  if (type == "sensitivity") return ReadAs<SensitivityEvent>(object, event);
  if (type == "decision") return ReadAs<DecisionEvent>(object, event);
  if (type == "finished") return ReadAs<FinishedEvent>(object, event);
  event.kind = UnknownEvent{.type = type, .json = OwnFields(object)};
  return absl::OkStatus();
}

absl::StatusOr<Event> ReadEvent(const Json& object) {
  if (!object.is_object()) return Wrong("(the line)", "an object", object);
  Event event;
  FP4_RETURN_IF_ERROR(Read(object, "seq", event.seq));
  std::string time;
  FP4_RETURN_IF_ERROR(Read(object, "time", time));
  event.time = ParseTimestamp(time);
  if (event.time == absl::InfinitePast()) return Wrong("time", "an RFC 3339 time", time);
  FP4_RETURN_IF_ERROR(Read(object, "attempt", event.attempt));
  std::string type;
  FP4_RETURN_IF_ERROR(Read(object, "type", type));
  FP4_RETURN_IF_ERROR(ReadKindNamed(type, object, event));
  return event;
}

}  // namespace

std::string FormatEvent(const Event& event) {
  return absl::StrCat("{\"seq\":", event.seq, ",\"time\":\"", FormatTimestamp(event.time),
                      "\",\"attempt\":", event.attempt, ",",
                      std::visit([](const auto& kind) { return Fields(kind); }, event.kind), "}");
}

absl::StatusOr<Event> ParseEvent(std::string_view line) {
  if (Depth(line) > kDeepest) {
    return absl::InvalidArgumentError(absl::StrCat("event: nested more than ", kDeepest, " deep"));
  }
  try {
    return ReadEvent(Json::parse(line));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("event: ", error.what()));
  }
}

std::string Describe(const PrecisionSwitchEvent& event) {
  std::string numbers;
  const auto add = [&numbers](absl::string_view what, double value, double bound) {
    if (bound > 0)
      absl::StrAppend(&numbers, numbers.empty() ? "" : ", ", "mean ", what, " ", value, " (bound ",
                      bound, ")");
  };
  add("gradient", event.gradient, event.gradient_above);
  add("error", event.error, event.error_above);
  return absl::StrCat(event.layer,
                      event.to == "high" ? " goes to high precision" : " comes back from it",
                      " after step ", event.step, ": ", numbers,
                      event.relative ? ", as shares of the mean weight" : "");
}

std::string Describe(const SensitivityEvent& event) {
  const auto table = ParseScoreTable(event.step, event.json);
  return table.ok() ? Describe(*table) : absl::StrCat("scores at step ", event.step);
}

std::string Describe(const DecisionEvent& event) {
  const auto decision = ParseDecision(event.step, event.json);
  return decision.ok() ? Describe(*decision) : absl::StrCat("budget at step ", event.step);
}

std::string FormatNumber(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), end.ptr);
}

}  // namespace fp4::spec
