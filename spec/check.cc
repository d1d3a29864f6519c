#include "spec/check.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "spec/fields.h"
#include "spec/pattern.h"
#include "spec/resolve.h"
#include "spec/suggest.h"

namespace fp4::spec {
namespace {

// Of a feature whose fields are not described yet.
bool IsPlaceholder(const Field& field) {
  const Type& type = field.type.items.empty() ? field.type : field.type.items[0];
  return !field.built && type.kind == Type::Kind::kObject && type.fields.empty();
}

// Whether a value is a field's default, in whatever spelling: 1, 1.0.
bool SameValue(const Node& value, const Field& field) {
  if (field.default_json.empty()) return false;
  if (IsPlaceholder(field)) return WriteCompactJson(value) == field.default_json;
  const Node usual = ParseJson(field.default_json).root;
  return WriteCompactJson(Canonical(value, field.type)) ==
         WriteCompactJson(Canonical(usual, field.type));
}

// Checks one value and all below it.
class Checker {
 public:
  Checker(CheckAs as, bool with_unbuilt, Problems& problems)
      : as_(as), with_unbuilt_(with_unbuilt), problems_(problems) {}

  bool Value(const Node& node, const Type& type, const Path& path) {
    if (node.kind == Node::Kind::kNull) {
      if (as_ == CheckAs::kPatch && !in_list_) return true;
      return Wrong(node, path,
                   in_list_
                       ? "is null; a list holds no null"
                       : "is null; null is allowed only in variants, where it means the default");
    }
    const Type* fitting = AlternativeFor(type, node.kind);
    if (fitting == nullptr) return IsNot(node, type, path);
    switch (fitting->kind) {
      case Type::Kind::kBoolean:
        return true;
      case Type::Kind::kInteger:
        return IntegerValue(node, *fitting, type, path);
      case Type::Kind::kNumber:
        return NumberValue(node, *fitting, type, path);
      case Type::Kind::kString:
      case Type::Kind::kRecipe:
        return LengthOk(node, *fitting, path);
      case Type::Kind::kPath:
        return PathValue(node, *fitting, type, path);
      case Type::Kind::kName:
        return IsName(node.text) || IsNot(node, type, path);
      case Type::Kind::kChoice:
        return ChoiceValue(node, *fitting, type, path);
      case Type::Kind::kPattern:
        return LengthOk(node, *fitting, path) && PatternValue(node, path);
      case Type::Kind::kDuration:
        return IsDuration(node.text) || IsNot(node, type, path);
      case Type::Kind::kList:
        return ListValue(node, *fitting, path);
      case Type::Kind::kObject:
        return ObjectValue(node, *fitting, path);
      case Type::Kind::kMap:
        return MapValue(node, *fitting, path);
      case Type::Kind::kVariants:
        return VariantsValue(node, *fitting, path);
      case Type::Kind::kEither:
        break;
    }
    return true;
  }

 private:
  bool Wrong(const Node& node, const Path& path, std::string message) {
    problems_.Add(node.place, path, std::move(message));
    return false;
  }

  bool IsNot(const Node& node, const Type& type, const Path& path) {
    return Wrong(node, path, absl::StrCat("is ", Shown(node), "; allowed: ", AllowedText(type)));
  }

  bool LengthOk(const Node& node, const Type& type, const Path& path) {
    const size_t length = NumCharacters(node.text);
    return length <= type.max_length ||
           Wrong(node, path,
                 absl::StrCat("has ", length, " characters; allowed: at most ", type.max_length));
  }

  // An empty path is none, unless the empty text means something of its own.
  bool PathValue(const Node& node, const Type& fitting, const Type& whole, const Path& path) {
    const bool empty =
        node.text.empty() && std::ranges::find(fitting.choices, "") == fitting.choices.end();
    return empty ? IsNot(node, whole, path) : LengthOk(node, fitting, path);
  }

  bool IntegerValue(const Node& node, const Type& fitting, const Type& whole, const Path& path) {
    const double value = AsNumber(node);
    if (value != std::floor(value) || !IsInRange(value, fitting)) return IsNot(node, whole, path);
    return IsBuilt(value <= fitting.built_max, node, whole, path);
  }

  bool NumberValue(const Node& node, const Type& fitting, const Type& whole, const Path& path) {
    const double value = AsNumber(node);
    if (!std::isfinite(value) || !IsInRange(value, fitting)) return IsNot(node, whole, path);
    return IsBuilt(value <= fitting.built_max, node, whole, path);
  }

  bool IsBuilt(bool built, const Node& node, const Type& type, const Path& path) {
    return built || with_unbuilt_ ||
           Wrong(node, path,
                 absl::StrCat("is ", Shown(node),
                              ", which is not built yet; allowed: ", AllowedText(type)));
  }

  bool ChoiceValue(const Node& node, const Type& fitting, const Type& whole, const Path& path) {
    if (std::ranges::find(fitting.choices, node.text) != fitting.choices.end()) {
      const bool unbuilt =
          std::ranges::find(fitting.unbuilt_choices, node.text) != fitting.unbuilt_choices.end();
      return IsBuilt(!unbuilt, node, whole, path);
    }
    if (&fitting != &whole) {
      const std::string nearest = Nearest(node.text, BuiltChoices(fitting));
      return Wrong(
          node, path,
          absl::StrCat("is ", Shown(node),
                       nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'"),
                       "; allowed: ", AllowedText(whole)));
    }
    return Wrong(
        node, path,
        absl::StrCat("is ", Shown(node), SuggestionAndChoices(node.text, BuiltChoices(fitting))));
  }

  bool PatternValue(const Node& node, const Path& path) {
    absl::StatusOr<Pattern> pattern = ParsePattern(node.text);
    return pattern.ok() ||
           Wrong(node, path, absl::StrCat("is ", Shown(node), ": ", pattern.status().message()));
  }

  bool ListValue(const Node& node, const Type& type, const Path& path) {
    const size_t size = node.items.size();
    if (size < type.min_items || size > type.max_items) {
      return Wrong(
          node, path,
          absl::StrCat("has ", size, size == 1 ? " item; allowed: " : " items; allowed: ",
                       type.min_items == type.max_items ? absl::StrCat(type.min_items)
                       : size < type.min_items          ? absl::StrCat("at least ", type.min_items)
                                               : absl::StrCat("at most ", type.max_items)));
    }
    const bool outer = in_list_;
    in_list_ = true;
    bool ok = true;
    for (size_t i = 0; i < size; ++i) {
      ok = Value(node.items[i], type.items[0], path.Item(i)) && ok;
    }
    in_list_ = outer;
    return ok && (!type.unique || Unique(node, path));
  }

  bool Unique(const Node& node, const Path& path) {
    std::set<std::string> seen;
    bool ok = true;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      // 1 and 1.0 are the same seed.
      const std::string key =
          item.kind == Node::Kind::kNumber ? absl::StrCat(AsInteger(item)) : item.text;
      if (!seen.insert(key).second)
        ok = Wrong(item, path.Item(i),
                   absl::StrCat("is ", Shown(item), " once more; each may be given once"));
    }
    return ok;
  }

  bool ObjectValue(const Node& node, const Type& type, const Path& path) {
    bool ok = true;
    for (const Member& member : node.members) {
      const Path field_path = path.Field(member.key);
      const Field* field = FindField(type, member.key);
      if (field == nullptr) {
        problems_.Add(member.key_place, field_path,
                      "unknown field" + UnknownFieldHint(type, member.key));
        ok = false;
      } else {
        // What is inside of a feature that has no fields yet is not looked at.
        ok = (IsPlaceholder(*field) || Value(member.value, field->type, field_path)) &&
             (field->built || with_unbuilt_ || StandsAtDefault(member, *field, field_path)) && ok;
      }
    }
    // Inside a list nothing is merged: an item of a patch is whole.
    return (as_ != CheckAs::kDocument && !in_list_) ? ok : HasRequired(node, type, path) && ok;
  }

  bool HasRequired(const Node& node, const Type& type, const Path& path) {
    bool ok = true;
    for (const Field& field : type.fields) {
      if (field.required && node.Find(field.name) == nullptr) {
        ok = Wrong(node, path.Field(field.name),
                   absl::StrCat("is missing; allowed: ", AllowedText(field.type)));
      }
    }
    return ok;
  }

  bool StandsAtDefault(const Member& member, const Field& field, const Path& path) {
    const bool cleared = member.value.kind == Node::Kind::kNull && as_ == CheckAs::kPatch;
    if (cleared || SameValue(member.value, field)) return true;
    problems_.Add(
        member.key_place, path,
        absl::StrCat("is ", Shown(member.value), ", and this feature is not built yet; ",
                     field.default_json.empty()
                         ? "leave it out"
                         : absl::StrCat("allowed: ", field.default_json, ", or leave it out")));
    return false;
  }

  bool MapValue(const Node& node, const Type& type, const Path& path) {
    bool ok = true;
    for (const Member& member : node.members) {
      const Path member_path = path.Field(member.key);
      ok = (type.choices.empty() ? MemberName(member, member_path)
                                 : KnownName(member, type.choices, member_path)) &&
           ok;
      ok = Value(member.value, type.items[0], member_path) && ok;
    }
    return ok;
  }

  bool KnownName(const Member& member, const std::vector<std::string>& names, const Path& path) {
    if (std::ranges::find(names, member.key) != names.end()) return true;
    problems_.Add(member.key_place, path, "unknown name" + SuggestionAndChoices(member.key, names));
    return false;
  }

  bool MemberName(const Member& member, const Path& path) {
    if (IsName(member.key)) return true;
    problems_.Add(
        member.key_place, path,
        absl::StrCat("is named '", ShownKey(member.key), "'; allowed: ", AllowedText(Name())));
    return false;
  }

  bool VariantsValue(const Node& node, const Type& type, const Path& path) {
    bool ok = true;
    if (node.members.size() < type.min_items || node.members.size() > type.max_items) {
      ok = Wrong(node, path,
                 absl::StrCat("has ", node.members.size(), " variants; allowed: ", type.min_items,
                              " to ", type.max_items, ", or leave it out"));
    }
    const CheckAs outer = as_;
    as_ = CheckAs::kPatch;
    for (const Member& member : node.members) {
      const Path variant_path = path.Field(member.key);
      ok = MemberName(member, variant_path) && ok;
      if (member.value.kind == Node::Kind::kObject) {
        ok = PatchValue(member.value, variant_path) && ok;
      } else {
        ok = Wrong(
            member.value, variant_path,
            absl::StrCat("is ", Shown(member.value), "; allowed: an object of fields to change"));
      }
    }
    as_ = outer;
    return ok;
  }

  bool PatchValue(const Node& patch, const Path& path) {
    bool ok = true;
    for (const char* name : kFieldsOutsideVariants) {
      if (const Node* value = patch.Find(name)) {
        ok = Wrong(*value, path.Field(name),
                   "a variant may not change this field; give it beside \"variants\"");
      }
    }
    if (ok) return ObjectValue(patch, DocumentType(), path);
    Node rest = patch;
    for (const char* name : kFieldsOutsideVariants) rest.Erase(name);
    ObjectValue(rest, DocumentType(), path);
    return false;
  }

  CheckAs as_;
  const bool with_unbuilt_;
  Problems& problems_;
  bool in_list_ = false;
};

// Full names of the fields below `type` whose last part is `name`.
void FindEverywhere(const Type& type, std::string_view name, const std::string& prefix,
                    std::vector<std::string>& found) {
  for (const Field& field : type.fields) {
    if (!IsBuilt(field)) continue;
    if (field.name == name) found.push_back(prefix + field.name);
    FindEverywhere(field.type, name, absl::StrCat(prefix, field.name, "."), found);
  }
}

}  // namespace

bool Check(const Node& node, const Type& type, const Path& path, CheckAs as, Problems& problems,
           bool with_unbuilt) {
  return Checker(as, with_unbuilt, problems).Value(node, type, path);
}

std::string UnknownFieldHint(const Type& object, std::string_view name) {
  const std::vector<std::string> names = FieldNames(object);
  std::vector<std::string> elsewhere;
  FindEverywhere(DocumentType(), name, "", elsewhere);
  if (!elsewhere.empty() && Nearest(name, names).empty()) {
    return absl::StrCat("; did you mean '", elsewhere[0], "'", SuggestionAndChoices("", names));
  }
  return SuggestionAndChoices(name, names);
}

}  // namespace fp4::spec
