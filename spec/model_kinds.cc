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

const ModelKind& KindOf(const ModelSpec& model) {
  const auto found = std::ranges::find(ModelKinds(), std::string_view(model.kind), NameOf);
  assert(found != ModelKinds().end());
  return **found;
}

}  // namespace fp4::spec
