// JSON Schema, draft 7, for editors: completion, and marks where a value does not fit.
#include <nlohmann/json.hpp>
#include <set>

#include "spec/document.h"
#include "spec/fields.h"
#include "spec/recipes.h"

namespace fp4::spec {
namespace {

using Json = nlohmann::ordered_json;

Json Bound(double value) {
  const auto whole = static_cast<int64_t>(value);
  if (static_cast<double>(whole) == value) return whole;
  return value;
}

class SchemaWriter {
 public:
  // In a patch every field may be null, and none is required.
  Json TypeSchema(const Type& type, bool patch) {
    if (type.definition.empty()) return InPlace(type, patch);
    const std::string name = (patch ? "patch_of_" : "") + type.definition;
    if (!definitions_.contains(name)) {
      definitions_[name] = Json::object();  // stands, should the type hold itself
      definitions_[name] = InPlace(type, patch);
    }
    return {{"$ref", "#/definitions/" + name}};
  }

  Json ObjectSchema(const Type& type, bool patch) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field& field : type.fields) {
      const bool left_out = patch && &type == &DocumentType() && !MayBePatched(field.name);
      if (left_out) continue;
      properties[field.name] = FieldSchema(field, patch);
      if (field.required && !patch) required.push_back(field.name);
    }
    Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = required;
    return schema;
  }

  Json TakeDefinitions() { return std::move(definitions_); }

 private:
  static bool MayBePatched(const std::string& name) {
    return std::ranges::find(kFieldsOutsideVariants, name) == kFieldsOutsideVariants.end();
  }

  Json FieldSchema(const Field& field, bool patch) {
    Json schema = field.built ? TypeSchema(field.type, patch) : UnbuiltSchema(field);
    if (patch) schema = {{"anyOf", {schema, {{"type", "null"}}}}};
    // Beside "$ref" draft 7 reads nothing.
    if (schema.contains("$ref")) schema = {{"allOf", {schema}}};
    schema["description"] = field.built ? field.doc : field.doc + " Not built yet.";
    if (!field.default_json.empty() && !patch) schema["default"] = Json::parse(field.default_json);
    return schema;
  }

  // The default, in which nothing of the feature is used; nothing where there is none.
  static Json UnbuiltSchema(const Field& field) {
    if (field.default_json.empty()) return {{"not", Json::object()}};
    return {{"const", Json::parse(field.default_json)}};
  }

  static Json NumberSchema(const Type& type, const char* name) {
    if (!type.only.empty()) {
      Json numbers = Json::array();
      for (const double number : type.only) numbers.push_back(Bound(number));
      return {{"enum", numbers}};
    }
    const Json range = RangeSchema(type, name);
    return type.or_zero ? Json{{"anyOf", {{{"const", 0}}, range}}} : range;
  }

  static Json RangeSchema(const Type& type, const char* name) {
    Json schema = {{"type", name}};
    schema[type.above_min ? "exclusiveMinimum" : "minimum"] = Bound(type.min);
    schema[type.below_max ? "exclusiveMaximum" : "maximum"] = Bound(BuiltMax(type));
    return schema;
  }

  Json ListSchema(const Type& type) {
    // Lists are not merged, so that their items are whole in a patch too.
    Json schema = {{"type", "array"}, {"items", TypeSchema(type.items[0], false)}};
    if (type.min_items > 0) schema["minItems"] = type.min_items;
    schema["maxItems"] = type.max_items;
    if (type.unique) schema["uniqueItems"] = true;
    return schema;
  }

  Json MapSchema(Json values) {
    return {{"type", "object"},
            {"propertyNames", {{"pattern", kNamePattern}, {"maxLength", kLongestName}}},
            {"additionalProperties", std::move(values)}};
  }

  Json NamedMapSchema(const Type& type, bool patch) {
    return {{"type", "object"},
            {"propertyNames", {{"enum", type.choices}}},
            {"additionalProperties", TypeSchema(type.items[0], patch)}};
  }

  static Json TextSchema(const Type& type) {
    return {{"type", "string"}, {"maxLength", type.max_length}};
  }

  // An empty path is none, unless the empty text means something of its own.
  static Json PathSchema(const Type& type) {
    Json schema = TextSchema(type);
    if (std::ranges::find(type.choices, "") == type.choices.end()) schema["minLength"] = 1;
    return schema;
  }

  static Json RecipeSchema(const Type& type) {
    Json schema = TextSchema(type);
    schema["examples"] = BuiltinRecipeNames();
    return schema;
  }

  static Json NameSchema(const Type& type) {
    Json schema = TextSchema(type);
    schema["pattern"] = kNamePattern;
    return schema;
  }

  Json VariantsSchema(const Type& type) {
    if (!definitions_.contains("patch")) {
      definitions_["patch"] = Json::object();
      definitions_["patch"] = ObjectSchema(DocumentType(), true);
    }
    Json schema = MapSchema({{"$ref", "#/definitions/patch"}});
    schema["minProperties"] = type.min_items;
    schema["maxProperties"] = type.max_items;
    return schema;
  }

  Json InPlace(const Type& type, bool patch) {
    switch (type.kind) {
      case Type::Kind::kBoolean:
        return {{"type", "boolean"}};
      case Type::Kind::kInteger:
        return NumberSchema(type, "integer");
      case Type::Kind::kNumber:
        return NumberSchema(type, "number");
      case Type::Kind::kString:
      case Type::Kind::kPattern:
        return TextSchema(type);
      case Type::Kind::kPath:
        return PathSchema(type);
      case Type::Kind::kName:
        return NameSchema(type);
      case Type::Kind::kChoice:
        return {{"enum", BuiltChoices(type)}};
      case Type::Kind::kRecipe:
        return RecipeSchema(type);
      case Type::Kind::kDuration:
        return {{"type", "string"}, {"pattern", DurationPattern()}};
      case Type::Kind::kList:
        return ListSchema(type);
      case Type::Kind::kObject:
        return ObjectSchema(type, patch);
      case Type::Kind::kMap:
        return type.choices.empty() ? MapSchema(TypeSchema(type.items[0], patch))
                                    : NamedMapSchema(type, patch);
      case Type::Kind::kVariants:
        return VariantsSchema(type);
      case Type::Kind::kEither:
        break;
    }
    Json alternatives = Json::array();
    for (const Type& item : type.items) alternatives.push_back(TypeSchema(item, patch));
    return {{"anyOf", alternatives}};
  }

  Json definitions_ = Json::object();
};

}  // namespace

std::string JsonSchema() {
  SchemaWriter writer;
  Json root = writer.ObjectSchema(DocumentType(), false);
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "fp4lab experiment"}};
  schema.update(root);
  schema["definitions"] = writer.TakeDefinitions();
  return schema.dump(2) + "\n";
}

}  // namespace fp4::spec
