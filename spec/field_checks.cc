#include "spec/field_checks.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "spec/fields.h"
#include "spec/resolve.h"

namespace fp4::spec {
namespace {

std::vector<std::string> Steps(std::string_view field) {
  return absl::StrSplit(absl::string_view(field.data(), field.size()), '.');
}

// What was said last: an override, a variant, the document, nothing.
int Rank(const Node* given) {
  if (given == nullptr) return 0;
  const Source* source = given->place.source;
  return source == nullptr ? 1 : source->override.empty() ? 2 : 3;
}

std::string DefaultJson(std::string_view name, const RunSpec& run) {
  const Type* type = &DocumentType();
  const Field* field = nullptr;
  for (const std::string& step : Steps(name)) {
    field = FindField(*type, step);
    type = &field->type;
  }
  if (field == nullptr) return "";  // the document as a whole has none
  return field->derive ? field->derive(run, nullptr) : field->default_json;
}

}  // namespace

bool FieldChecks::Usable(Names fields) const {
  return std::ranges::none_of(
      fields, [this](std::string_view field) { return bad_.contains(std::string(field)); });
}

const Node* FieldChecks::Given(std::string_view field) const {
  const Node* node = &merged_;
  for (const std::string& step : Steps(field)) {
    if (node != nullptr) node = node->Find(step);
  }
  return node;
}

bool FieldChecks::IsMeant(std::string_view field) const {
  const Node* given = Given(field);
  if (given == nullptr || !Usable({field})) return false;
  const Type* type = &DocumentType();
  for (const std::string& step : Steps(field)) type = &FindField(*type, step)->type;
  const Node usual = ParseJson(DefaultJson(field, run_)).root;
  return WriteCompactJson(Canonical(*given, *type)) != WriteCompactJson(Canonical(usual, *type));
}

std::string_view FieldChecks::Latest(Names fields) const {
  return *std::ranges::max_element(fields, {},
                                   [this](std::string_view field) { return Rank(Given(field)); });
}

void FieldChecks::Report(std::string_view field, std::string message) {
  const Node* at = &merged_;
  for (const std::string& step : Steps(field)) {
    if (const Node* inner = at->Find(step)) {
      at = inner;
    } else {
      break;
    }
  }
  problems_.Add(at->place, std::string(field), std::move(message));
}

}  // namespace fp4::spec
