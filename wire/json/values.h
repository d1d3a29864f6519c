// What the makers of JSON share. Included by them only: nlohmann/json.hpp is slow to compile.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "fp4/v1/types.pb.h"
#include "wire/times.h"

namespace fp4::wire {

using Json = nlohmann::ordered_json;

// One line; bytes that are not UTF-8 are replaced.
inline std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A number that is not finite is a text.
inline Json Number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

inline Json OptionalNumber(bool present, double value) { return present ? Number(value) : Json(); }

inline Json HealthJson(const v1::Health& health) {
  return {{"severity", health.severity()},
          {"code", health.code()},
          {"layer", health.layer()},
          {"message", health.message()}};
}

// A time as in event logs; null where the message has none.
inline Json OptionalTime(bool present, const google::protobuf::Timestamp& time) {
  return present ? Json(FormatTimestamp(FromProto(time))) : Json();
}

// The text as JSON where it is one, else as a string.
inline Json Embedded(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(text) : json;
}

template <typename Container, typename Convert>
Json Array(const Container& items, Convert convert) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(convert(item));
  return array;
}

template <typename Container>
Json TextArray(const Container& texts) {
  return Array(texts, [](const std::string& text) { return text; });
}

}  // namespace fp4::wire
