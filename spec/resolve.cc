#include "spec/resolve.h"

#include <algorithm>
#include <cassert>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "spec/check.h"
#include "spec/events.h"
#include "spec/fields.h"

namespace fp4::spec {
namespace {

Node ParseDefault(const std::string& json) {
  ParsedJson parsed = ParseJson(json);
  assert(parsed.complete);
  return std::move(parsed.root);
}

Node WithoutPlaces(Node node) {
  node.place = {};
  for (Node& item : node.items) item.place = {};
  return node;
}

Node CanonicalObject(const Node& node, const Type& type) {
  Node out = node;
  out.members.clear();
  for (const Field& field : type.fields) {
    for (const Member& member : node.members) {
      if (member.key == field.name)
        out.members.push_back({member.key, member.key_place, Canonical(member.value, field.type)});
    }
  }
  return out;
}

bool StandsAt(const std::string& json, const Node& value, const Type& type) {
  return !json.empty() &&
         WriteCompactJson(value) == WriteCompactJson(Canonical(ParseDefault(json), type));
}

class DocumentResolver {
 public:
  DocumentResolver(const ReadOptions& options, Problems& problems)
      : options_(options), problems_(problems) {}

  Node Section(const Node* given, const Type& type, const Path& path, bool section_bad) {
    Node out = Node::Object();
    for (const Field& field : type.fields) {
      const bool foreign =
          !field.kinds.empty() &&
          std::ranges::find(field.kinds, result.run.model.kind) == field.kinds.end();
      const bool of_experiment = field.name == "seeds" || field.name == "search" ||
                                 field.type.kind == Type::Kind::kVariants;
      if (foreign || of_experiment) continue;
      const Path field_path = path.Field(field.name);
      const Node* own = given == nullptr ? nullptr : given->Find(field.name);
      const bool is_section = field.type.kind == Type::Kind::kObject && field.default_json == "{}";
      if (!field.built && !options_.with_unbuilt) {
        // Refused, but the run is whole.
        if (!is_section) Leaf(nullptr, field, given, field_path, section_bad);
      } else if (is_section) {
        const bool bad = section_bad || (own != nullptr && own->kind != Node::Kind::kObject);
        Node section = Section(bad ? nullptr : own, field.type, field_path, bad);
        const bool said = !section.members.empty() || (field.switches_on && own != nullptr);
        if (field.later && !said) continue;
        if (own != nullptr) section.place = own->place;
        out.Set(field.name, std::move(section));
      } else {
        Node value = Leaf(own, field, given, field_path, section_bad);
        const bool written = own != nullptr || !field.derived_again;
        if (written && (!field.later || !StandsAt(field.default_json, value, field.type)))
          out.Set(field.name, std::move(value));
      }
    }
    return out;
  }

  Resolved result;

 private:
  Node Leaf(const Node* given, const Field& field, const Node* section, const Path& path,
            bool section_bad) {
    const bool present = given != nullptr && given->kind != Node::Kind::kNull;
    Problems unused;
    const bool fits = present && Check(*given, field.type, path, CheckAs::kDocument, unused,
                                       options_.with_unbuilt);
    if ((present && !fits) || section_bad) result.bad.insert(path.ToString());
    const bool is_precision = path.parent->name == "precision";
    // The parts of the section "precision" are judged one by one, so that one bad rule hides no
    // other.
    Node value =
        fits || (present && is_precision) ? Canonical(*given, field.type) : Default(field, section);
    if (!fits && field.required) return value;
    AbsolutePaths(value, field.type, path);
    if (field.store) field.store(value, result.run);
    return value;
  }

  Node Default(const Field& field, const Node* section) const {
    if (field.required) return Node::String("");
    return Canonical(WithoutPlaces(ParseDefault(DefaultJson(field, section))), field.type);
  }

  std::string DefaultJson(const Field& field, const Node* section) const {
    return field.derive ? field.derive(result.run, section) : field.default_json;
  }

  void AbsolutePaths(Node& value, const Type& type, const Path& path) {
    if (type.kind == Type::Kind::kList) {
      for (size_t i = 0; i < value.items.size(); ++i)
        AbsolutePaths(value.items[i], type.items[0], path.Item(i));
    } else if (type.kind == Type::Kind::kPath &&
               std::ranges::find(type.choices, value.text) == type.choices.end()) {
      AbsolutePath(value, path);
    }
  }

  void AbsolutePath(Node& value, const Path& path) {
    if (value.text.starts_with('/')) return;
    if (value.text.empty()) return;  // reported already
    if (options_.base_folder.empty()) {
      problems_.Add(
          value.place, path,
          absl::StrCat("is ", Shown(value), ", a relative path; allowed: an absolute path"));
      return;
    }
    value.text =
        (std::filesystem::path(options_.base_folder) / value.text).lexically_normal().string();
  }

  const ReadOptions& options_;
  Problems& problems_;
};

}  // namespace

Node Canonical(const Node& node, const Type& type) {
  const Type* fitting = AlternativeFor(type, node.kind);
  if (fitting == nullptr) return node;
  Node out = node;
  switch (fitting->kind) {
    case Type::Kind::kInteger:
      out.text = absl::StrCat(AsInteger(node));
      break;
    case Type::Kind::kNumber:
      out.text = FormatNumber(AsNumber(node));
      break;
    case Type::Kind::kList:
      for (Node& item : out.items) item = Canonical(item, fitting->items[0]);
      break;
    case Type::Kind::kObject:
      return CanonicalObject(node, *fitting);
    case Type::Kind::kMap:
      for (Member& member : out.members) member.value = Canonical(member.value, fitting->items[0]);
      std::ranges::sort(out.members, {}, &Member::key);
      break;
    case Type::Kind::kBoolean:
    case Type::Kind::kString:
    case Type::Kind::kName:
    case Type::Kind::kChoice:
    case Type::Kind::kRecipe:
    case Type::Kind::kPattern:
    case Type::Kind::kDuration:
    case Type::Kind::kPath:
    case Type::Kind::kVariants:
    case Type::Kind::kEither:
      break;
  }
  return out;
}

Resolved Resolve(const Node& merged, const ReadOptions& options, Problems& problems) {
  DocumentResolver resolver(options, problems);
  resolver.result.document = resolver.Section(&merged, DocumentType(), Path{}, false);
  return std::move(resolver.result);
}

}  // namespace fp4::spec
