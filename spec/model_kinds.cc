#include "spec/model_kinds.h"

#include <algorithm>
#include <cassert>

namespace fp4::spec {
namespace {

std::vector<const ModelKind*>& MutableKinds() {
  static std::vector<const ModelKind*> kinds;
  return kinds;
}

std::string_view NameOf(const ModelKind* kind) { return kind->name; }

}  // namespace

ModelKindRegistration::ModelKindRegistration(const ModelKind& kind) {
  std::vector<const ModelKind*>& kinds = MutableKinds();
  kinds.insert(std::ranges::lower_bound(kinds, kind.name, {}, NameOf), &kind);
}

std::span<const ModelKind* const> ModelKinds() { return MutableKinds(); }

std::vector<std::string> ModelKindNames() {
  std::vector<std::string> names = {ModelSpec().kind};
  for (const ModelKind* kind : ModelKinds()) {
    if (kind->name != names.front()) names.emplace_back(kind->name);
  }
  return names;
}

std::vector<std::string> UnbuiltModelKinds() {
  std::vector<std::string> names;
  for (const ModelKind* kind : ModelKinds()) {
    if (!kind->built) names.emplace_back(kind->name);
  }
  return names;
}

std::vector<std::string> KindsWith(std::string_view field) {
  std::vector<std::string> names;
  for (const ModelKind* kind : ModelKinds()) {
    const std::vector<Field> own = kind->fields();
    const bool has = std::ranges::find(own, field, &Field::name) != own.end() ||
                     std::ranges::find(kind->shared_fields, field) != kind->shared_fields.end();
    if (has) names.emplace_back(kind->name);
  }
  return names;
}

std::vector<CapacityMove> CapacityMoves(const ModelSpec& model) {
  const auto moves = KindOf(model).capacity;
  return moves == nullptr ? std::vector<CapacityMove>() : moves(model);
}

const ModelKind& KindOf(const ModelSpec& model) {
  const auto found = std::ranges::find(ModelKinds(), std::string_view(model.kind), NameOf);
  assert(found != ModelKinds().end());
  return **found;
}

}  // namespace fp4::spec
