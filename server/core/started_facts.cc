#include "server/core/started_facts.h"

#include <nlohmann/json.hpp>

namespace fp4::core {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || it->is_null()) return "";
  return it->is_string() ? it->get<std::string>() : it->dump();
}

// The number of values of a layer's weight, from "shape": [out, in]; 0 when it does not say, and
// for a tied head, whose matrix has been counted as the embedding.
double NumValues(const Json& layer) {
  if (layer.value("shares_embedding", Json()) == true) return 0;
  const auto shape = layer.find("shape");
  if (shape == layer.end() || !shape->is_array() || shape->empty()) return 0;
  double product = 1;
  for (const Json& extent : *shape) product *= extent.is_number() ? extent.get<double>() : 0;
  return product;
}

std::optional<double> BitsPerValue(const Json& object) {
  const auto layers = object.find("layers");
  if (layers == object.end() || !layers->is_array()) return std::nullopt;
  double bits = 0, values = 0;
  for (const Json& layer : *layers) {
    if (!layer.is_object()) return std::nullopt;
    const auto weight_bits = layer.find("weight_bits");
    if (weight_bits == layer.end() || !weight_bits->is_number()) return std::nullopt;
    bits += weight_bits->get<double>() * NumValues(layer);
    values += NumValues(layer);
  }
  if (values == 0) return std::nullopt;
  return bits / values;
}

}  // namespace

StartedFacts ReadStartedFacts(std::string_view json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return {};
  const auto step = object.find("resumed_from_step");
  const bool says_step = step != object.end() && step->is_number_integer();
  return {.compute_dtype = Text(object, "compute_dtype"),
          .instruction_set = Text(object, "instruction_set"),
          .device = Text(object, "device_name"),
          .threads = Text(object, "threads"),
          .bits_per_value = BitsPerValue(object),
          .resumed_from_step = says_step ? std::optional(step->get<int64_t>()) : std::nullopt};
}

}  // namespace fp4::core
