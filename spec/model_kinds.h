// The kinds of models that a document can name in model.kind. Each is one file under spec/models/,
// which registers it by its last line, and one model in trainer/model/.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "spec/model_tensors.h"

namespace fp4::spec {

struct ModelKind {
  std::string_view name;     // "transformer"
  std::string_view summary;  // one sentence for lists and pages
  // Every tensor of such a model, in its order.
  std::vector<TensorInfo> (*tensors)(const ModelSpec& model);
};

// Every kind, by name.
std::span<const ModelKind* const> ModelKinds();

// The kind that model.kind names, which there must be.
const ModelKind& KindOf(const ModelSpec& model);

// A static object of this type at the end of a kind's file makes the kind known. `kind` outlives
// it.
struct ModelKindRegistration {
  explicit ModelKindRegistration(const ModelKind& kind);
};

}  // namespace fp4::spec
