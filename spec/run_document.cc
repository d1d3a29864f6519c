// Documents made from documents.
#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "spec/document.h"
#include "spec/fields.h"
#include "spec/override.h"
#include "spec/resolve.h"

namespace fp4::spec {
namespace {

Node NumberNode(uint64_t value) {
  Node node;
  node.kind = Node::Kind::kNumber;
  node.text = absl::StrCat(value);
  return node;
}

bool IsRelativePath(const Node& node, const Type& type) {
  return node.kind == Node::Kind::kString && !node.text.empty() && !node.text.starts_with('/') &&
         std::ranges::find(type.choices, node.text) == type.choices.end();
}

// Gives every relative path below `node` to `visit`.
void VisitRelativePaths(const Node& node, const Type& type,
                        const std::function<void(const Node&)>& visit) {
  switch (type.kind) {
    case Type::Kind::kPath:
      if (IsRelativePath(node, type)) visit(node);
      return;
    case Type::Kind::kList:
    case Type::Kind::kMap:
      for (const Node& item : node.items) VisitRelativePaths(item, type.items[0], visit);
      for (const Member& member : node.members)
        VisitRelativePaths(member.value, type.items[0], visit);
      return;
    case Type::Kind::kObject:
      for (const Member& member : node.members) {
        if (const Field* field = FindField(type, member.key))
          VisitRelativePaths(member.value, field->type, visit);
      }
      return;
    case Type::Kind::kVariants:
      for (const Member& member : node.members)
        VisitRelativePaths(member.value, DocumentType(), visit);
      return;
    case Type::Kind::kBoolean:
    case Type::Kind::kInteger:
    case Type::Kind::kNumber:
    case Type::Kind::kString:
    case Type::Kind::kName:
    case Type::Kind::kChoice:
    case Type::Kind::kRecipe:
    case Type::Kind::kPattern:
    case Type::Kind::kDuration:
    case Type::Kind::kEither:
      return;
  }
}

void EraseOtherConcerns(const Type& type, Node& node) {
  for (const Field& field : type.fields) {
    if (field.concern != Concern::kTraining) {
      node.Erase(field.name);
    } else if (Node* section = node.Find(field.name)) {
      if (field.type.kind == Type::Kind::kObject) EraseOtherConcerns(field.type, *section);
    }
  }
}

std::string Absolute(const std::string& path, const std::string& folder) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace

std::string RunDocument(const Variant& variant, uint64_t seed) {
  Node document = ParseJson(variant.resolved_document).root;
  Node seeds;
  seeds.kind = Node::Kind::kList;
  seeds.items.push_back(NumberNode(seed));
  document.Set("seeds", std::move(seeds));
  return WriteJson(Canonical(document, DocumentType()));
}

std::string TrainingDocument(std::string_view run_document) {
  ParsedJson parsed = ParseJson(run_document);
  if (!parsed.complete) return std::string(run_document);
  EraseOtherConcerns(DocumentType(), parsed.root);
  return WriteJson(Canonical(parsed.root, DocumentType()));
}

std::vector<std::string> SchedulingFieldsIn(std::string_view run_document) {
  const ParsedJson parsed = ParseJson(run_document);
  std::vector<std::string> found;
  for (const Field& section : DocumentType().fields) {
    const Node* given = parsed.root.Find(section.name);
    if (section.concern == Concern::kScheduling && given != nullptr && !given->members.empty()) {
      found.push_back(section.name);
    }
    for (const Field& field : section.type.fields) {
      const Node* value = given == nullptr ? nullptr : given->Find(field.name);
      if (field.concern != Concern::kScheduling || value == nullptr) continue;
      const Node usual = ParseJson(field.default_json).root;
      if (WriteCompactJson(Canonical(*value, field.type)) !=
          WriteCompactJson(Canonical(usual, field.type)))
        found.push_back(absl::StrCat(section.name, ".", field.name));
    }
  }
  return found;
}

std::string WithMachineChoices(std::string_view run_document, ComputeDtype compute_dtype,
                               int64_t cpu_threads) {
  ParsedJson parsed = ParseJson(run_document);
  if (!parsed.complete) return std::string(run_document);
  const Field& training = *FindField(DocumentType(), "training");
  const std::vector<std::string>& dtypes = FindField(training.type, "compute_dtype")->type.choices;
  Apply({{"training", "compute_dtype"},
         Node::String(dtypes[static_cast<size_t>(compute_dtype)]),
         true},
        parsed.root);
  Apply({{"resources", "cpu_threads"}, NumberNode(static_cast<uint64_t>(cpu_threads)), true},
        parsed.root);
  return WriteJson(Canonical(parsed.root, DocumentType()));
}

std::string WithAbsolutePaths(std::string_view text, const std::string& folder) {
  const ParsedJson parsed = ParseJson(text);
  if (!parsed.complete) return std::string(text);
  std::vector<const Node*> paths;
  VisitRelativePaths(parsed.root, DocumentType(),
                     [&paths](const Node& node) { paths.push_back(&node); });
  std::ranges::sort(paths, {}, &Node::begin);
  std::string out;
  size_t copied = 0;
  for (const Node* path : paths) {
    out += text.substr(copied, path->begin - copied);
    out += WriteCompactJson(Node::String(Absolute(path->text, folder)));
    copied = path->end;
  }
  return out + std::string(text.substr(copied));
}

std::string OverrideWithAbsolutePaths(std::string_view override_text, const std::string& folder) {
  const Source source{.prefix = "", .override = std::string(override_text)};
  Problems problems;
  Override override = ReadOverride(source, problems);
  if (!override.valid) return source.override;
  Node document = Node::Object();
  Apply(override, document);
  bool changed = false;
  VisitRelativePaths(document, DocumentType(), [&](const Node& node) {
    const_cast<Node&>(node).text = Absolute(node.text, folder);
    changed = true;
  });
  if (!changed) return source.override;
  const Node* value = &document;
  for (const std::string& step : override.steps) value = value->Find(step);
  return absl::StrCat(source.override.substr(0, source.override.find('=') + 1),
                      WriteCompactJson(*value));
}

}  // namespace fp4::spec
