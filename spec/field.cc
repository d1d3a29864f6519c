#include "spec/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/events.h"

namespace fp4::spec {
namespace {

Type Ranged(Type::Kind kind, double min, double max) {
  Type type(kind);
  type.min = min;
  type.max = max;
  return type;
}

// Whole values without an exponent: 1048576, not 1.048576e+06.
std::string Bound(double value) {
  const bool whole = std::abs(value) < 1e18 && value == std::floor(value);
  return whole ? absl::StrCat(static_cast<int64_t>(value)) : FormatNumber(value);
}

std::string OnlyText(const Type& type) {
  return absl::StrJoin(type.only, ", ",
                       [](std::string* out, double value) { *out += Bound(value); });
}

std::string RangeText(const Type& type) {
  const double max = BuiltMax(type);
  const std::string rest =
      max < type.max ? absl::StrCat(" (up to ", Bound(type.max), " is not built yet)") : "";
  if (type.min == max) return Bound(type.min) + rest;
  return absl::StrCat(type.above_min ? "above " : "from ", Bound(type.min),
                      type.below_max   ? ", below "
                      : type.above_min ? ", at most "
                                       : " to ",
                      Bound(max), rest);
}

std::string CountText(const Type& type) {
  if (type.min_items == type.max_items) return absl::StrCat(type.min_items);
  if (type.min_items == 0) return absl::StrCat("at most ", type.max_items);
  return absl::StrCat(type.min_items, " to ", type.max_items);
}

std::string ListText(const Type& type) {
  return absl::StrCat("a list of ", CountText(type), ", each ", AllowedText(type.items[0]),
                      type.unique ? ", none of them twice" : "");
}

std::string LengthText(const Type& type) {
  return absl::StrCat(" of at most ", type.max_length, " characters");
}

// Digits of a duration: enough for 114 years in hours.
constexpr size_t kDurationDigits = 7;
constexpr std::string_view kDurationUnits = "smh";

}  // namespace

Type::Type(Kind kind) : kind(kind) {}

Type OfKind(Type::Kind kind) { return Type(kind); }
Type Boolean() { return OfKind(Type::Kind::kBoolean); }
Type Integer(double min, double max) { return Ranged(Type::Kind::kInteger, min, max); }
Type Number(double min, double max) { return Ranged(Type::Kind::kNumber, min, max); }
Type Text() { return OfKind(Type::Kind::kString); }

Type Name() {
  Type type = OfKind(Type::Kind::kName);
  type.max_length = kLongestName;
  return type;
}

Type LayerPattern() {
  Type type = OfKind(Type::Kind::kPattern);
  type.max_length = kLongestPattern;
  return type;
}

Type Variants() {
  Type type = OfKind(Type::Kind::kVariants);
  type.min_items = 1;
  type.max_items = kMostVariants;
  return type;
}

Type PositiveNumber(double max) {
  Type type = Number(0, max);
  type.above_min = true;
  return type;
}

Type FractionFromZero() {
  Type type = Number(0, 1);
  type.below_max = true;
  return type;
}

Type Fraction() {
  Type type = FractionFromZero();
  type.above_min = true;
  return type;
}

Type Choice(std::vector<std::string> choices) {
  Type type(Type::Kind::kChoice);
  type.choices = std::move(choices);
  return type;
}

Type FilePath(std::vector<std::string> special_words) {
  Type type(Type::Kind::kPath);
  type.choices = std::move(special_words);
  return type;
}

Type ListOf(Type item, size_t min_items, size_t max_items, bool unique) {
  Type type(Type::Kind::kList);
  type.items.push_back(std::move(item));
  type.min_items = min_items;
  type.max_items = max_items;
  type.unique = unique;
  return type;
}

Type MapOf(Type item) {
  Type type(Type::Kind::kMap);
  type.items.push_back(std::move(item));
  return type;
}

Type ObjectOf(std::vector<Field> fields) {
  Type type(Type::Kind::kObject);
  type.fields = std::move(fields);
  return type;
}

Type EitherOf(std::vector<Type> alternatives) {
  Type type(Type::Kind::kEither);
  type.items = std::move(alternatives);
  return type;
}

std::string AllowedText(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kBoolean:
      return "true, false";
    case Type::Kind::kInteger:
      if (!type.only.empty()) return OnlyText(type);
      return absl::StrCat(type.or_zero ? "0, or " : "",
                          type.min == BuiltMax(type) ? "" : "a whole number ", RangeText(type));
    case Type::Kind::kNumber:
      return absl::StrCat(type.or_zero ? "0, or " : "", "a number ", RangeText(type));
    case Type::Kind::kString:
      return "a text" + LengthText(type);
    case Type::Kind::kName:
      return absl::StrCat("a name of at most ", type.max_length,
                          " letters, digits, '.', '_' and '-', beginning with a letter or digit");
    case Type::Kind::kChoice:
      return absl::StrJoin(BuiltChoices(type), ", ");
    case Type::Kind::kRecipe:
      return "the name of a recipe";
    case Type::Kind::kPattern:
      return "a pattern of layers' names, such as blocks.*.mlp.*," + LengthText(type);
    case Type::Kind::kDuration:
      return absl::StrCat("a duration such as 90s, 30m or 4h, of at most ", kDurationDigits,
                          " digits");
    case Type::Kind::kPath: {
      std::vector<std::string> words;
      for (const std::string& word : type.choices) words.push_back(absl::StrCat("\"", word, "\""));
      words.push_back("a file's path" + LengthText(type));
      return absl::StrJoin(words, ", ");
    }
    case Type::Kind::kList:
      return ListText(type);
    case Type::Kind::kObject:
      return "an object of: " + absl::StrJoin(FieldNames(type), ", ");
    case Type::Kind::kMap:
      return "an object of names";
    case Type::Kind::kVariants:
      return absl::StrCat("an object of ", CountText(type), " names and what each changes");
    case Type::Kind::kEither:
      return absl::StrJoin(type.items, "; or ",
                           [](std::string* out, const Type& item) { *out += AllowedText(item); });
  }
  return "";
}

const Type* AlternativeFor(const Type& type, Node::Kind kind) {
  Node::Kind wanted = Node::Kind::kString;
  switch (type.kind) {
    case Type::Kind::kBoolean:
      wanted = Node::Kind::kBoolean;
      break;
    case Type::Kind::kInteger:
    case Type::Kind::kNumber:
      wanted = Node::Kind::kNumber;
      break;
    case Type::Kind::kString:
    case Type::Kind::kName:
    case Type::Kind::kChoice:
    case Type::Kind::kRecipe:
    case Type::Kind::kPattern:
    case Type::Kind::kDuration:
    case Type::Kind::kPath:
      break;
    case Type::Kind::kList:
      wanted = Node::Kind::kList;
      break;
    case Type::Kind::kObject:
    case Type::Kind::kMap:
    case Type::Kind::kVariants:
      wanted = Node::Kind::kObject;
      break;
    case Type::Kind::kEither:
      for (const Type& item : type.items) {
        if (const Type* found = AlternativeFor(item, kind)) return found;
      }
      return nullptr;
  }
  return wanted == kind ? &type : nullptr;
}

std::vector<std::string> BuiltChoices(const Type& type) {
  std::vector<std::string> built;
  for (const std::string& choice : type.choices) {
    if (std::ranges::find(type.unbuilt_choices, choice) == type.unbuilt_choices.end())
      built.push_back(choice);
  }
  return built;
}

bool IsInRange(double value, const Type& type) {
  if (type.or_zero && value == 0) return true;
  if (!type.only.empty() && std::ranges::find(type.only, value) == type.only.end()) return false;
  return (type.above_min ? value > type.min : value >= type.min) &&
         (type.below_max ? value < type.max : value <= type.max);
}

double BuiltMax(const Type& type) { return std::min(type.max, type.built_max); }

std::string DurationPattern() {
  return absl::StrCat("^[0-9]{1,", kDurationDigits, "}[", std::string(kDurationUnits), "]$");
}

bool IsDuration(std::string_view text) {
  if (text.size() < 2 || text.size() > kDurationDigits + 1) return false;
  const std::string_view digits = text.substr(0, text.size() - 1);
  return digits.find_first_not_of("0123456789") == std::string_view::npos &&
         kDurationUnits.find(text.back()) != std::string_view::npos;
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > kLongestName || !absl::ascii_isalnum(text[0])) return false;
  return std::ranges::all_of(
      text, [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

size_t NumCharacters(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  return text.size() - static_cast<size_t>(std::ranges::count_if(text, continues));
}

const Field* FindField(const Type& object, std::string_view name) {
  for (const Field& field : object.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

bool IsBuilt(const Field& field) {
  const std::vector<Field>& inner = field.type.fields;
  return field.built && (inner.empty() || std::ranges::any_of(inner, IsBuilt));
}

std::vector<std::string> FieldNames(const Type& object) {
  std::vector<std::string> names;
  for (const Field& field : object.fields) {
    if (IsBuilt(field) || !field.later) names.push_back(field.name);
  }
  return names;
}

double AsNumber(const Node& node) {
  // Not from_chars alone: it leaves the value alone where a number is too large or too small for a
  // double.
  return std::strtod(node.text.c_str(), nullptr);
}

int64_t AsInteger(const Node& node) {
  int64_t value = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, value);
  if (result.ec == std::errc() && result.ptr == end) return value;
  return static_cast<int64_t>(AsNumber(node));  // 1e3
}

std::vector<std::string> AsStrings(const Node& node) {
  std::vector<std::string> texts;
  for (const Node& item : node.items) texts.push_back(item.text);
  return texts;
}

std::vector<int64_t> AsIntegers(const Node& node) {
  std::vector<int64_t> values;
  for (const Node& item : node.items) values.push_back(AsInteger(item));
  return values;
}

absl::Duration AsDuration(const Node& node) {
  int64_t count = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, count);
  if (result.ec != std::errc() || result.ptr + 1 != end) return absl::ZeroDuration();
  switch (*result.ptr) {
    case 's':
      return absl::Seconds(count);
    case 'm':
      return absl::Minutes(count);
    default:
      return absl::Hours(count);
  }
}

}  // namespace fp4::spec
