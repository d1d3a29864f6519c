// Every field's stated range is the one that is enforced: what `explain` and the page say, what the
// JSON Schema says to an editor, and what the checks do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "spec/check.h"
#include "spec/document.h"
#include "spec/fields.h"
#include "tests/spec/schema_validator.h"

namespace fp4::spec {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// A value at or beyond a bound, and whether the type's description takes it.
struct Probe {
  json value;
  bool allowed;
};

std::string Letters(size_t count) { return std::string(count, 'a'); }

std::vector<Probe> NumberProbes(const Type& type) {
  const double max = BuiltMax(type);
  const bool whole = type.kind == Type::Kind::kInteger;
  if (!type.only.empty()) {
    std::vector<Probe> probes = {{json(type.only.front() - 1), false},
                                 {json(type.only.back() + 1), false},
                                 {json(type.only.back() - 1), false},
                                 {json(1e300), false}};
    for (const double value : type.only)
      probes.push_back({json(static_cast<int64_t>(value)), true});
    return probes;
  }
  const auto as = [whole](double value) {
    return whole ? json(static_cast<int64_t>(value)) : json(value);
  };
  const double below = whole ? type.min - 1 : std::nextafter(type.min, -INFINITY);
  const double above = whole ? max + 1 : std::nextafter(max, INFINITY);
  std::vector<Probe> probes = {{as(type.min), !type.above_min},
                               {as(max), !type.below_max},
                               {as(below), false},
                               {as(above), false},
                               {json(-1e300), false},
                               {json(1e300), false}};
  if (type.above_min) probes.push_back({json(std::nextafter(type.min, INFINITY)), true});
  if (type.below_max) probes.push_back({json(std::nextafter(max, -INFINITY)), true});
  if (whole) probes.push_back({json(type.min + 0.5), false});
  if (type.or_zero) probes.push_back({json(0), true});
  return probes;
}

std::vector<Probe> ProbesOf(const Type& type);

json ListOfSize(const Type& type, size_t size) {
  json list = json::array();
  const std::vector<Probe> items = ProbesOf(type.items[0]);
  for (size_t i = 0; i < size; ++i) {
    const Type::Kind kind = type.items[0].kind;
    const bool distinct_texts =
        type.unique && (kind == Type::Kind::kRecipe || kind == Type::Kind::kPattern);
    if (kind == Type::Kind::kName || kind == Type::Kind::kPath || distinct_texts) {
      list.push_back(absl::StrCat("a", i));
    } else if (kind == Type::Kind::kInteger && type.unique) {
      list.push_back(static_cast<int64_t>(type.items[0].min) + static_cast<int64_t>(i));
    } else {
      for (const Probe& item : items) {
        if (item.allowed) {
          list.push_back(item.value);
          break;
        }
      }
    }
  }
  return list;
}

std::vector<Probe> ListProbes(const Type& type) {
  std::vector<Probe> probes = {{ListOfSize(type, type.min_items), true},
                               {ListOfSize(type, type.max_items), true},
                               {ListOfSize(type, type.max_items + 1), false}};
  if (type.min_items > 0) probes.push_back({ListOfSize(type, type.min_items - 1), false});
  if (type.unique) {
    json twice = ListOfSize(type, 1);
    twice.push_back(twice[0]);
    probes.push_back({twice, false});
  }
  for (const Probe& item : ProbesOf(type.items[0])) {
    json list = ListOfSize(type, type.min_items);
    if (list.empty()) list.push_back(nullptr);
    list[0] = item.value;
    probes.push_back({list, item.allowed});
  }
  return probes;
}

// The least object that is allowed, and that with each value of each field.
std::vector<Probe> ObjectProbes(const Type& type) {
  json least = json::object();
  for (const Field& field : type.fields) {
    if (!field.required) continue;
    if (field.type.kind == Type::Kind::kInteger) {
      least[field.name] = static_cast<int64_t>(field.type.min);
    } else if (field.type.kind == Type::Kind::kChoice) {
      least[field.name] = field.type.choices[0];
    } else {
      least[field.name] = field.type.kind == Type::Kind::kPattern ? "blocks.**" : "a";
    }
  }
  std::vector<Probe> probes = {{least, true}};
  for (const Field& field : type.fields) {
    if (!field.built) continue;
    for (const Probe& probe : ProbesOf(field.type)) {
      json object = least;
      object[field.name] = probe.value;
      probes.push_back({object, probe.allowed});
    }
    if (field.required) {
      json object = least;
      object.erase(field.name);
      probes.push_back({object, false});
    }
  }
  json unknown = least;
  unknown["no_such_field"] = 1;
  probes.push_back({unknown, false});
  return probes;
}

std::vector<Probe> EitherProbes(const Type& type) {
  std::vector<Probe> probes;
  for (const Type& item : type.items) {
    for (Probe& probe : ProbesOf(item)) {
      // What one alternative refuses by its kind another may take.
      if (probe.allowed || item.kind == Type::Kind::kInteger || item.kind == Type::Kind::kNumber)
        probes.push_back(std::move(probe));
    }
  }
  probes.push_back({json(nullptr), false});
  return probes;
}

std::vector<Probe> TextProbes(const Type& type) {
  return {{Letters(type.max_length), true},
          {Letters(type.max_length + 1), false},
          {json(1), false},
          {json(nullptr), false}};
}

std::vector<Probe> ProbesOf(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kBoolean:
      return {{true, true}, {false, true}, {"true", false}, {1, false}};
    case Type::Kind::kInteger:
    case Type::Kind::kNumber:
      return NumberProbes(type);
    case Type::Kind::kName: {
      std::vector<Probe> probes = TextProbes(type);
      for (const char* bad : {"", "-a", ".a", "a b", "ä"}) probes.push_back({bad, false});
      return probes;
    }
    case Type::Kind::kString:
    case Type::Kind::kRecipe:
    case Type::Kind::kPattern:
      return TextProbes(type);
    case Type::Kind::kPath: {
      std::vector<Probe> probes = TextProbes(type);
      const bool empty_means_something = !type.choices.empty() && type.choices[0].empty();
      probes.push_back({"", empty_means_something});
      return probes;
    }
    case Type::Kind::kChoice: {
      std::vector<Probe> probes = {{"no such choice", false}, {1, false}};
      for (const std::string& choice : BuiltChoices(type)) probes.push_back({choice, true});
      for (const std::string& choice : type.unbuilt_choices) probes.push_back({choice, false});
      return probes;
    }
    case Type::Kind::kDuration:
      return {{"0s", true},    {"9999999h", true}, {"10000000h", false}, {"1d", false},
              {"1.5h", false}, {"h", false},       {"", false},          {60, false}};
    case Type::Kind::kList:
      return ListProbes(type);
    case Type::Kind::kObject:
      return ObjectProbes(type);
    case Type::Kind::kMap: {
      std::vector<Probe> probes = {{json::object(), true}, {{{"a b", json::object()}}, false}};
      const std::string name = type.choices.empty() ? "a" : type.choices[0];
      for (const Probe& probe : ProbesOf(type.items[0]))
        probes.push_back({{{name, probe.value}}, probe.allowed});
      return probes;
    }
    case Type::Kind::kVariants: {
      json most = json::object();
      for (size_t i = 0; i < type.max_items; ++i) most[absl::StrCat("v", i)] = json::object();
      json more = most;
      more["one"] = json::object();
      return {{most, true}, {more, false}, {json::object(), false}, {json::array(), false}};
    }
    case Type::Kind::kEither:
      return EitherProbes(type);
  }
  return {};
}

TEST(Bounds, ChecksAndSchemaAgreeAtAndBeyondEachOfThem) {
  const json schema = json::parse(JsonSchema());
  size_t num_probes = 0;
  for (const Probe& probe : ObjectProbes(DocumentType())) {
    ++num_probes;
    const std::string text = probe.value.dump();
    const ParsedJson parsed = ParseJson(text);
    ASSERT_TRUE(parsed.complete) << text.substr(0, 200);
    Problems problems;
    const bool passes = Check(parsed.root, DocumentType(), Path{}, CheckAs::kDocument, problems);
    ASSERT_EQ(passes, probe.allowed)
        << text.substr(0, 300) << ": " << (passes ? "" : problems.all()[0].message);
    ASSERT_EQ(IsValid(schema, schema, probe.value), probe.allowed) << text.substr(0, 300);
  }
  EXPECT_GT(num_probes, 1000u);
}

// Every leaf of the document with its full name.
void CollectLeaves(const Type& type, const std::string& prefix,
                   std::vector<std::pair<std::string, const Field*>>& leaves) {
  for (const Field& field : type.fields) {
    const bool section = field.type.kind == Type::Kind::kObject && !field.type.fields.empty();
    if (section) CollectLeaves(field.type, prefix + field.name + ".", leaves);
    if (!section && field.built) leaves.emplace_back(prefix + field.name, &field);
  }
}

std::string Digits(double value) {
  return std::abs(value) < 1e15 && value == std::floor(value)
             ? absl::StrCat(static_cast<int64_t>(value))
             : absl::StrCat(value);
}

TEST(Bounds, ExplainAndThePageStateThem) {
  std::vector<std::pair<std::string, const Field*>> leaves;
  CollectLeaves(DocumentType(), "", leaves);
  ASSERT_GT(leaves.size(), 50u);
  const std::string page = ReferencePage();
  for (const auto& [name, field] : leaves) {
    const std::string allowed = AllowedText(field->type);
    const absl::StatusOr<std::string> explained = Explain(name);
    ASSERT_TRUE(explained.ok()) << name;
    EXPECT_THAT(*explained, HasSubstr("Allowed: " + allowed)) << name;
    const bool numeric =
        field->type.kind == Type::Kind::kInteger || field->type.kind == Type::Kind::kNumber;
    if (!numeric) continue;
    EXPECT_THAT(allowed, HasSubstr(Digits(field->type.min))) << name;
    if (BuiltMax(field->type) < 1e15) {
      EXPECT_THAT(allowed, HasSubstr(Digits(BuiltMax(field->type)))) << name;
    }
    EXPECT_THAT(page, HasSubstr("| " + allowed + " |")) << name;
  }
}

// What a range allows, a document may say: if it is refused, then with the other field's name.
TEST(Bounds, AValueInItsRangeIsRefusedOnlyBecauseOfAnotherField) {
  std::vector<std::pair<std::string, const Field*>> leaves;
  CollectLeaves(DocumentType(), "", leaves);
  for (const auto& [name, field] : leaves) {
    if (field->type.kind != Type::Kind::kInteger && field->type.kind != Type::Kind::kNumber)
      continue;
    for (const Probe& probe : NumberProbes(field->type)) {
      if (!probe.allowed) continue;
      const std::string override = absl::StrCat(name, "=", probe.value.dump());
      const std::vector<std::string> overrides = {override};
      const ReadResult read = ReadExperiment(R"({"name": "a"})", overrides, {});
      for (const Problem& problem : read.problems) {
        bool names_another = false;
        for (const auto& [other, other_field] : leaves) {
          const std::string last = other.substr(other.rfind('.') + 1);
          names_another |= other != name && (problem.path == other ||
                                             problem.message.find(last) != std::string::npos);
        }
        names_another |= problem.message.find("synthetic") != std::string::npos;
        EXPECT_TRUE(names_another) << override << ": " << problem.path << ": " << problem.message;
      }
    }
  }
}

}  // namespace
}  // namespace fp4::spec
