// The decoder-only transformer: an embedding, pre-norm blocks, a final norm and the head.
#include "absl/strings/str_cat.h"
#include "spec/model_kinds.h"

namespace fp4::spec {
namespace {

// Tensors of one model in the order of their making.
class TransformerTensors {
 public:
  explicit TransformerTensors(const ModelSpec& model) : model_(model) {}

  std::vector<TensorInfo> Make() && {
    Add("embedding", {model_.vocab_size, model_.d_model}).role = TensorRole::kLookup;
    for (int64_t i = 0; i < model_.num_layers; ++i) AddBlock(absl::StrCat("blocks.", i, "."));
    AddNorm("final_norm");
    TensorInfo& head = AddLinear("lm_head", {model_.vocab_size, model_.d_model});
    if (model_.tie_embeddings) head.shares = "embedding.weight";
    return std::move(tensors_);
  }

 private:
  void AddBlock(const std::string& block) {
    const int64_t d = model_.d_model;
    AddNorm(block + "attention_norm");
    TensorInfo& qkv = AddLinear(block + "attention.qkv", {3 * d, d});
    qkv.stacked_rows = {d, d, d};
    AddLinear(block + "attention.out", {d, d});
    AddNorm(block + "mlp_norm");
    AddLinear(block + "mlp.up", {model_.d_ff, d});
    if (model_.gated()) AddLinear(block + "mlp.gate", {model_.d_ff, d});
    AddLinear(block + "mlp.down", {d, model_.d_ff});
  }

  TensorInfo& Add(const std::string& layer, std::vector<int64_t> shape) {
    tensors_.push_back({.name = layer + ".weight",
                        .shape = std::move(shape),
                        .init_std = model_.init_std,
                        .in_body = layer.starts_with("blocks.")});
    return tensors_.back();
  }

  TensorInfo& AddLinear(const std::string& layer, std::vector<int64_t> shape) {
    TensorInfo& tensor = Add(layer, std::move(shape));
    tensor.rows_per_record = model_.sequence_length;
    return tensor;
  }

  void AddNorm(const std::string& layer) {
    TensorInfo& tensor = Add(layer, {model_.d_model});
    tensor.role = TensorRole::kNorm;
    tensor.init_std = 0;
  }

  const ModelSpec& model_;
  std::vector<TensorInfo> tensors_;
};

std::vector<TensorInfo> Tensors(const ModelSpec& model) { return TransformerTensors(model).Make(); }

constexpr ModelKind kTransformer = {
    .name = "transformer",
    .summary = "A decoder-only transformer over tokens.",
    .tensors = Tensors,
};
const ModelKindRegistration registration(kTransformer);

}  // namespace
}  // namespace fp4::spec
