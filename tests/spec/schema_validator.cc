#include "tests/spec/schema_validator.h"

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <stdexcept>

namespace fp4::spec {
namespace {

using nlohmann::json;

size_t NumCodePoints(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool HasType(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") {
    return value.is_number_integer() ||
           (value.is_number() && std::floor(value.get<double>()) == value.get<double>());
  }
  throw std::logic_error("type " + type);
}

class Validator {
 public:
  Validator(const json& root, const json& value) : root_(root), value_(value) {}

  bool Matches(const json& schema) const {
    return std::ranges::all_of(
        schema.items(), [&](const auto& item) { return Holds(item.key(), item.value(), schema); });
  }

 private:
  bool Holds(const std::string& keyword, const json& rule, const json& schema) const {
    static const std::set<std::string> kSilent = {"$schema", "title",    "description",
                                                  "default", "examples", "definitions"};
    if (kSilent.contains(keyword)) return true;
    if (keyword == "$ref")
      return IsValid(root_, root_["definitions"][rule.get<std::string>().substr(14)], value_);
    if (keyword == "type") return HasType(value_, rule);
    if (keyword == "const") return value_ == rule;
    if (keyword == "enum") return std::ranges::find(rule, value_) != rule.end();
    if (keyword == "not") return !IsValid(root_, rule, value_);
    if (keyword == "anyOf") return std::ranges::any_of(rule, Against());
    if (keyword == "allOf") return std::ranges::all_of(rule, Against());
    // What is about another type says nothing.
    static const std::set<std::string> kOfNumbers = {"minimum", "maximum", "exclusiveMinimum",
                                                     "exclusiveMaximum"};
    static const std::set<std::string> kOfStrings = {"minLength", "maxLength", "pattern"};
    static const std::set<std::string> kOfArrays = {"minItems", "maxItems", "uniqueItems", "items"};
    if (kOfNumbers.contains(keyword)) return !value_.is_number() || NumberHolds(keyword, rule);
    if (kOfStrings.contains(keyword)) return !value_.is_string() || StringHolds(keyword, rule);
    if (kOfArrays.contains(keyword)) return !value_.is_array() || ArrayHolds(keyword, rule);
    return !value_.is_object() || ObjectHolds(keyword, rule, schema);
  }

  std::function<bool(const json&)> Against() const {
    return [this](const json& part) { return IsValid(root_, part, value_); };
  }

  bool NumberHolds(const std::string& keyword, const json& rule) const {
    const double value = value_.get<double>();
    if (keyword == "minimum") return value >= rule.get<double>();
    if (keyword == "maximum") return value <= rule.get<double>();
    if (keyword == "exclusiveMinimum") return value > rule.get<double>();
    return value < rule.get<double>();
  }

  bool StringHolds(const std::string& keyword, const json& rule) const {
    const auto& text = value_.get_ref<const std::string&>();
    if (keyword == "minLength") return NumCodePoints(text) >= rule.get<size_t>();
    if (keyword == "maxLength") return NumCodePoints(text) <= rule.get<size_t>();
    return std::regex_search(text, std::regex(rule.get<std::string>()));
  }

  bool ArrayHolds(const std::string& keyword, const json& rule) const {
    if (keyword == "minItems") return value_.size() >= rule.get<size_t>();
    if (keyword == "maxItems") return value_.size() <= rule.get<size_t>();
    if (keyword == "uniqueItems")
      return std::set<json>(value_.begin(), value_.end()).size() == value_.size();
    return std::ranges::all_of(value_,
                               [&](const json& item) { return IsValid(root_, rule, item); });
  }

  bool ObjectHolds(const std::string& keyword, const json& rule, const json& schema) const {
    if (keyword == "minProperties") return value_.size() >= rule.get<size_t>();
    if (keyword == "maxProperties") return value_.size() <= rule.get<size_t>();
    if (keyword == "required") {
      return std::ranges::all_of(rule, [&](const json& name) { return value_.contains(name); });
    }
    for (const auto& [name, member] : value_.items()) {
      const bool known = schema.contains("properties") && schema["properties"].contains(name);
      if (keyword == "properties") {
        if (known && !IsValid(root_, rule[name], member)) return false;
      } else if (keyword == "additionalProperties") {
        const bool allowed = rule.is_boolean() ? rule.get<bool>() : IsValid(root_, rule, member);
        if (!known && !allowed) return false;
      } else if (keyword == "propertyNames") {
        if (!IsValid(root_, rule, name)) return false;
      } else {
        throw std::logic_error(keyword);
      }
    }
    return true;
  }

  const json& root_;
  const json& value_;
};

}  // namespace

bool IsValid(const json& root, const json& schema, const json& value) {
  return Validator(root, value).Matches(schema);
}

}  // namespace fp4::spec
