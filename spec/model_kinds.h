// The kinds of models that a document can name in model.kind. Each is one file under spec/models/,
// which registers it by its last line, and one model in trainer/model/.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/advice/capacity.h"
#include "spec/attention.h"
#include "spec/field_checks.h"
#include "spec/model_tensors.h"
#include "spec/presets.h"

namespace fp4::spec {

struct ModelKind {
  std::string_view name;     // "transformer"
  std::string_view summary;  // one sentence for lists and pages
  // False: the trainer has no such model yet, and the kind is refused by name.
  bool built = true;
  std::vector<Preset> presets;  // the first is the default
  // What it learns from (data.source); the first is the default.
  std::vector<std::string_view> data_sources;
  // What its evaluations tell of those that checkpoint.metric can name.
  std::vector<std::string_view> metrics;
  // Its fields of the section "model", in the order of the resolved document.
  std::vector<Field> (*fields)();
  // Fields that other kinds define and this one has as well.
  std::vector<std::string_view> shared_fields = {};
  // Every tensor of such a model, in its order.
  std::vector<TensorInfo> (*tensors)(const ModelSpec& model);
  // What rules can name beside its layers; null: it has no attention.
  std::vector<AttentionTensor> (*attention_tensors)(const ModelSpec& model) = nullptr;
  // The most that one micro-batch's forward and backward hold, in bytes
  // (spec/budget/training_memory.h).
  int64_t (*activation_bytes)(const RunSpec& run);
  // How it could be wider or deeper; null: advice on capacity does not know.
  std::vector<CapacityMove> (*capacity)(const ModelSpec& model) = nullptr;
  // Reports contradictions between its fields.
  void (*check)(FieldChecks& checks);
};

// Every kind, by name.
std::span<const ModelKind* const> ModelKinds();

// The kind that model.kind names, which there must be.
const ModelKind& KindOf(const ModelSpec& model);

// Names of the kinds, the default first; of those that are not built yet.
std::vector<std::string> ModelKindNames();
std::vector<std::string> UnbuiltModelKinds();

// The kinds that have a field of the section "model".
std::vector<std::string> KindsWith(std::string_view field);

// A static object of this type at the end of a kind's file makes the kind known. `kind` outlives
// it.
struct ModelKindRegistration {
  explicit ModelKindRegistration(const ModelKind& kind);
};

}  // namespace fp4::spec
