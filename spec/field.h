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

inline constexpr size_t kLongestText = 4096;
inline constexpr size_t kLongestName = 100;
inline constexpr size_t kLongestPattern = 200;
inline constexpr size_t kMostVariants = 64;

// What a value may be. Every limit stands here and nowhere else: the checks, `explain`, the page
// and the JSON Schema read it.
struct Type {
  enum class Kind : uint8_t {
    kBoolean,
    kInteger,   // min … max
    kNumber,    // min … max
    kString,    // any text of at most max_length characters
    kName,      // [A-Za-z0-9][A-Za-z0-9._-]*, at most max_length characters
    kChoice,    // one of choices
    kRecipe,    // a recipe's name: which ones exist depends on the document
    kPattern,   // of layers' names
    kDuration,  // "90s", "30m", "4h"
    kPath,      // of a file, or one of choices
    kList,      // of items[0]
    kObject,    // fields
    kMap,       // values items[0], by any names, or by those of choices where there are some
    kVariants,  // names to merge patches over the document, min_items … max_items of them
    kEither,    // one of items, which differ in their JSON kinds
  };

  explicit Type(Kind kind = Kind::kBoolean);  // defined where Field is complete

  Kind kind;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false, below_max = false;                   // the bound itself is not allowed
  double built_max = std::numeric_limits<double>::infinity();  // more of it is not built yet
  bool or_zero = false;                                        // 0 is allowed beside the range
  std::vector<double> only;  // not empty: of the range these numbers alone, in ascending order
  std::vector<std::string> choices;
  std::vector<std::string> unbuilt_choices;  // those of `choices` that are not built yet
  size_t max_length = kLongestText;          // of texts, in characters (Unicode code points)
  std::vector<Type> items;
  size_t min_items = 0, max_items = 1000;
  bool unique = false;
  std::vector<Field> fields;
  std::string definition =
      {};  // the name under which the JSON Schema defines it once; empty: in place
};

// Who a field is for.
enum class Concern : uint8_t {
  kTraining,    // it may change what is computed
  kPeople,      // names and notes
  kScheduling,  // which run starts when and where, and when it ends or starts again
};

struct Field {
  std::string name;
  std::string doc;  // full sentences
  Type type;
  // The default as JSON. Empty with `derive`: computed from the fields before it, and described by
  // default_text; empty without: the field has no default and may be absent.
  std::string default_json = {};
  std::string default_text = {};
  // `section` is the section that holds the field, as given; null: it is left out.
  std::function<std::string(const RunSpec&, const Node* section)> derive = {};
  // Added after the first release: written into a resolved document only where it differs from
  // default_json, so that what an earlier release wrote stays the same document, and its runs
  // resume.
  bool later = false;
  // Of a derived default: it is not written into a resolved document, whoever reads that derives it
  // again.
  bool derived_again = false;
  // Of a section: it switches something on by being there, even where all of it stands at its
  // defaults; left out, the thing is off.
  bool switches_on = false;
  // Of "model": the kinds that have it; empty: all of them.
  std::vector<std::string> kinds = {};
  // Where its value goes.
  std::function<void(const Node&, RunSpec&)> store = {};
  bool required = false;
  Concern concern = Concern::kTraining;
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
Type LayerPattern();
Type Variants();
Type OfKind(Type::Kind kind);

// Whether a number is one of kInteger's or kNumber's.
bool IsInRange(double value, const Type& type);

// The part of `choices` that can be used.
std::vector<std::string> BuiltChoices(const Type& type);
// The largest value that can be used.
double BuiltMax(const Type& type);

// What a duration looks like, as an ECMA regular expression.
std::string DurationPattern();
bool IsDuration(std::string_view text);

// What a name looks like, but for its length.
inline constexpr std::string_view kNamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
bool IsName(std::string_view text);

// Unicode code points of a text in UTF-8.
size_t NumCharacters(std::string_view text);

// "a whole number from 1 to 64": what a message says is allowed.
std::string AllowedText(const Type& type);

// Of a kEither type: the alternative for values of this JSON kind. The type itself otherwise; null:
// none takes it.
const Type* AlternativeFor(const Type& type, Node::Kind kind);

const Field* FindField(const Type& object, std::string_view name);
// Whether the field, or something in it, can be used.
bool IsBuilt(const Field& field);
// Names for messages: what came later and is not built yet is left out.
std::vector<std::string> FieldNames(const Type& object);

// Values of nodes that fit their type.
int64_t AsInteger(const Node& node);
double AsNumber(const Node& node);
std::vector<std::string> AsStrings(const Node& node);
std::vector<int64_t> AsIntegers(const Node& node);
absl::Duration AsDuration(const Node& node);

}  // namespace fp4::spec
