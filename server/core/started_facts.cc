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

struct WeightSize {
  double bits = 0, values = 0;
};

// Of all layers together; nothing when one of them does not say.
std::optional<WeightSize> WeightsOf(const Json& object) {
  const auto layers = object.find("layers");
  if (layers == object.end() || !layers->is_array()) return std::nullopt;
  WeightSize size;
  for (const Json& layer : *layers) {
    if (!layer.is_object()) return std::nullopt;
    const auto weight_bits = layer.find("weight_bits");
    if (weight_bits == layer.end() || !weight_bits->is_number()) return std::nullopt;
    size.bits += weight_bits->get<double>() * NumValues(layer);
    size.values += NumValues(layer);
  }
  if (size.values == 0) return std::nullopt;
  return size;
}

std::optional<double> NumberOf(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_number()) return std::nullopt;
  return it->get<double>();
}

}  // namespace

StartedFacts ReadStartedFacts(std::string_view json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return {};
  const auto step = object.find("resumed_from_step");
  const bool says_step = step != object.end() && step->is_number_integer();
  const std::optional<WeightSize> weights = WeightsOf(object);
  return {.compute_dtype = Text(object, "compute_dtype"),
          .instruction_set = Text(object, "instruction_set"),
          .device = Text(object, "device_name"),
          .threads = Text(object, "threads"),
          .bits_per_value = weights ? std::optional(weights->bits / weights->values) : std::nullopt,
          .weight_bytes = weights ? std::optional(weights->bits / 8) : std::nullopt,
          .resumed_from_step = says_step ? std::optional(step->get<int64_t>()) : std::nullopt,
          .data_sha256 = Text(object, "data_sha256"),
          .tokens_per_step = NumberOf(object, "tokens_per_step")};
}

}  // namespace fp4::core
