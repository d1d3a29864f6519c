#include "spec/override.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "spec/check.h"
#include "spec/fields.h"

namespace fp4::spec {
namespace {

void SetSource(Node& node, const Source& source) {
  node.place = {0, 0, &source};
  for (Node& item : node.items) SetSource(item, source);
  for (Member& member : node.members) {
    member.key_place = node.place;
    SetSource(member.value, source);
  }
}

// Why a field's name cannot be followed to its end; empty: it can, or Check says better what is
// wrong.
std::string StepsFault(const std::vector<std::string>& steps) {
  const Type* type = &DocumentType();
  std::string so_far;
  for (const std::string& step : steps) {
    if (type->kind == Type::Kind::kList)
      return absl::StrCat("'", so_far, "' is a list; an override sets the whole of it");
    const Type* object = AlternativeFor(*type, Node::Kind::kObject);
    if (object == nullptr) return absl::StrCat("'", so_far, "' has no fields");
    const Field* field = object->kind == Type::Kind::kMap ? nullptr : FindField(*object, step);
    if (object->kind != Type::Kind::kMap && (field == nullptr || !field->built)) return "";
    type = field == nullptr ? &object->items[0] : &field->type;
    absl::StrAppend(&so_far, so_far.empty() ? "" : ".", step);
  }
  return "";
}

// {"optimizer": {"learning_rate": value}}
Node Nested(const std::vector<std::string>& steps, Node value, const Place& place) {
  for (size_t i = steps.size(); i-- > 0;) {
    Node outer = Node::Object();
    outer.place = place;
    outer.Set(steps[i], std::move(value));
    value = std::move(outer);
  }
  return value;
}

}  // namespace

Override ReadOverride(const Source& source, Problems& problems) {
  const std::string& text = source.override;
  const Place place = {0, 0, &source};
  Override result;
  const size_t equals = text.find('=');
  const std::string field = text.substr(0, equals);
  result.steps = absl::StrSplit(field, '.');
  if (equals == std::string::npos || field.empty() || result.steps.size() > kMaxJsonDepth) {
    problems.Add(place, Path{},
                 "is no override; allowed: FIELD=VALUE, such as optimizer.learning_rate=3e-4");
    return result;
  }
  if (result.steps[0] == "variants") {
    problems.Add(place, Path{},
                 "an override holds for every variant and changes no variant; edit the document");
    return result;
  }
  if (!IsUtf8(text)) {
    problems.Add(place, Path{}, "is not UTF-8");
    return result;
  }
  if (std::string fault = StepsFault(result.steps); !fault.empty()) {
    problems.Add(place, Path{}, std::move(fault));
    return result;
  }
  const std::string value = text.substr(equals + 1);
  ParsedJson parsed = ParseJson(value);
  const bool is_json = parsed.complete && parsed.problems.empty();
  result.value = is_json ? std::move(parsed.root) : Node::String(value);
  SetSource(result.value, source);
  result.valid = Check(Nested(result.steps, result.value, place), DocumentType(), Path{},
                       CheckAs::kPart, problems);
  return result;
}

void Apply(const Override& override, Node& document) {
  Node* node = &document;
  for (const std::string& step : override.steps) {
    if (node->kind != Node::Kind::kObject) {
      *node = Node::Object();
      node->place = override.value.place;
    }
    if (node->Find(step) == nullptr) {
      Node section = Node::Object();
      section.place = override.value.place;
      node->Set(step, std::move(section));
    }
    node = node->Find(step);
  }
  *node = override.value;
}

}  // namespace fp4::spec
