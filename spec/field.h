// How the fields of the document are described. One tree of these (spec/fields.h) is the definition
// of the document: the checks, the defaults, the JSON Schema, `explain` and the reference page are
// all read off it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "spec/json.h"
#include "spec/run_spec.h"

namespace fp4::spec {

struct Field;

// What a value may be.
struct Type {
  enum class Kind : uint8_t {
    kBoolean,
    kInteger,   // min … max
    kNumber,    // min … max
    kString,    // at most max_items bytes; any text
    kName,      // [A-Za-z0-9][A-Za-z0-9._-]*
    kChoice,    // one of choices
    kRecipe,    // a recipe's name: which ones exist depends on the document
    kPattern,   // of layers' names
    kDuration,  // "90s", "30m", "4h"
    kPath,      // of a file, or one of choices
    kList,      // of items[0]
    kObject,    // fields
    kMap,       // any names, values items[0]
    kVariants,  // names to merge patches over the document
    kEither,    // one of items, which differ in their JSON kinds
  };

  explicit Type(Kind kind = Kind::kBoolean);  // defined where Field is complete

  Kind kind;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false, below_max = false;  // the bound itself is not allowed
  std::vector<std::string> choices;
  std::vector<Type> items;
  size_t min_items = 0, max_items = 1000;
  bool unique = false;
  std::vector<Field> fields;
  std::string definition =
      {};  // the name under which the JSON Schema defines it once; empty: in place
};

struct Field {
  std::string name;
  std::string doc;  // full sentences
  Type type;
  // The default as JSON. Empty with `derive`: computed from the fields before it, and described by
  // default_text; empty without: the field has no default and may be absent.
  std::string default_json = {};
  std::string default_text = {};
  std::function<std::string(const RunSpec&)> derive = {};
  // Where its value goes.
  std::function<void(const Node&, RunSpec&)> store = {};
  bool required = false;
  bool built = true;  // false: refused unless at its default
};

Type Boolean();
Type Integer(double min, double max);
Type Number(double min, double max);
Type PositiveNumber(double max);  // 0 excluded
Type Fraction();                  // 0 and 1 excluded
Type FractionFromZero();          // 1 excluded
Type Text();
Type Name();
Type Choice(std::vector<std::string> choices);
Type FilePath(std::vector<std::string> special_words);
Type ListOf(Type item, size_t min_items, size_t max_items, bool unique);
Type MapOf(Type item);
Type ObjectOf(std::vector<Field> fields);
Type EitherOf(std::vector<Type> alternatives);
Type OfKind(Type::Kind kind);

// "a whole number from 1 to 64": what a message says is allowed.
std::string AllowedText(const Type& type);

// Of a kEither type: the alternative for values of this JSON kind. The type itself otherwise; null:
// none takes it.
const Type* AlternativeFor(const Type& type, Node::Kind kind);

const Field* FindField(const Type& object, std::string_view name);
std::vector<std::string> FieldNames(const Type& object);

// Values of nodes that fit their type.
int64_t AsInteger(const Node& node);
double AsNumber(const Node& node);
std::vector<std::string> AsStrings(const Node& node);
absl::Duration AsDuration(const Node& node);

}  // namespace fp4::spec
