#include "client/checkpoints/llama.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "spec/model_tensors.h"

namespace fp4::client {
namespace {

using safetensors::TensorView;

absl::StatusOr<const TensorView*> Find(const safetensors::File& state,
                                       const spec::TensorInfo& info) {
  const TensorView* tensor = state.Find(info.name);
  if (tensor == nullptr) return absl::DataLossError(absl::StrCat("no tensor ", info.name));
  if (tensor->shape != info.shape) {
    return absl::DataLossError(absl::StrCat(info.name, " has the shape (",
                                            absl::StrJoin(tensor->shape, ", "), "), the model (",
                                            absl::StrJoin(info.shape, ", "), ")"));
  }
  return tensor;
}

// Rows `first` to `first + count` of a matrix, as a matrix of its own.
TensorView Rows(const TensorView& matrix, int64_t first, int64_t count, std::string name) {
  const size_t row_bytes = matrix.data.size() / static_cast<size_t>(matrix.shape[0]);
  TensorView rows = matrix;
  rows.name = std::move(name);
  rows.shape[0] = count;
  rows.data = matrix.data.subspan(row_bytes * static_cast<size_t>(first),
                                  row_bytes * static_cast<size_t>(count));
  return rows;
}

// A copy with the halves of each head's rows exchanged.
std::string ExchangeHalves(const TensorView& matrix, int64_t head_dim) {
  const size_t row_bytes = matrix.data.size() / static_cast<size_t>(matrix.shape[0]);
  const size_t half = row_bytes * static_cast<size_t>(head_dim / 2);
  std::string exchanged(matrix.data.size(), '\0');
  for (size_t head = 0; head < matrix.data.size(); head += 2 * half) {
    std::memcpy(exchanged.data() + head, matrix.data.data() + head + half, half);
    std::memcpy(exchanged.data() + head + half, matrix.data.data() + head, half);
  }
  return exchanged;
}

struct Renamed {
  const char* ours;
  const char* theirs;
};
constexpr Renamed kWhole[] = {{"embedding.weight", "model.embed_tokens.weight"},
                              {"final_norm.weight", "model.norm.weight"},
                              {"lm_head.weight", "lm_head.weight"}};
constexpr Renamed kOfBlock[] = {{"attention_norm", "input_layernorm"},
                                {"attention.out", "self_attn.o_proj"},
                                {"mlp_norm", "post_attention_layernorm"},
                                {"mlp.gate", "mlp.gate_proj"},
                                {"mlp.up", "mlp.up_proj"},
                                {"mlp.down", "mlp.down_proj"}};

absl::StatusOr<std::string> TheirName(const spec::TensorInfo& info) {
  for (const Renamed& one : kWhole) {
    if (info.name == one.ours) return std::string(one.theirs);
  }
  const spec::LayerName layer = spec::SplitLayerName(info.layer());
  for (const Renamed& one : kOfBlock) {
    if (layer.number >= 0 && layer.rest == one.ours) {
      return absl::StrCat("model.layers.", layer.number, ".", one.theirs, ".weight");
    }
  }
  return absl::InternalError(absl::StrCat("no name for ", info.name, " in a Llama"));
}

void AddAttention(const spec::ModelSpec& model, const TensorView& qkv, int64_t block,
                  ExportedTensors& out) {
  const int64_t head_dim = model.d_model / model.num_heads;
  const int64_t num_q = model.num_heads * head_dim, num_kv = model.kv_heads() * head_dim;
  const std::string stem = absl::StrCat("model.layers.", block, ".self_attn.");
  TensorView q = Rows(qkv, 0, num_q, stem + "q_proj.weight");
  TensorView k = Rows(qkv, num_q, num_kv, stem + "k_proj.weight");
  for (TensorView* turned : {&q, &k}) {
    // Room has been made: the strings do not move.
    const std::string& values = out.storage.emplace_back(ExchangeHalves(*turned, head_dim));
    turned->data = std::as_bytes(std::span(values.data(), values.size()));
    out.tensors.push_back(*turned);
  }
  out.tensors.push_back(Rows(qkv, num_q + num_kv, num_kv, stem + "v_proj.weight"));
}

}  // namespace

absl::Status CheckIsLlama(const spec::ModelSpec& model) {
  if (model.kind != "transformer") {
    return absl::FailedPreconditionError(absl::StrCat("model.kind is ", model.kind));
  }
  std::vector<std::string> why;
  if (!model.gated()) why.push_back("model.activation has no gate (swiglu has one)");
  if (model.norm != spec::Norm::kRmsNorm) why.push_back("model.norm is not rmsnorm");
  if (model.rotary_axis != spec::RotaryAxis::kSequence) {
    why.push_back("model.rotary_axis is not sequence");
  }
  if (model.rotary_frequencies != spec::RotaryFrequencies::kFull) {
    why.push_back("model.rotary_frequencies is not full");
  }
  if (model.embedding_scale) why.push_back("model.embedding_scale is on");
  if (model.sub_norm) why.push_back("model.sub_norm is on");
  if (why.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(why, "; "));
}

absl::StatusOr<ExportedTensors> ToLlama(const spec::ModelSpec& model,
                                        const safetensors::File& state) {
  ExportedTensors out;
  out.storage.reserve(2 * static_cast<size_t>(model.num_layers));
  for (const spec::TensorInfo& info : spec::ModelTensors(model)) {
    if (!info.shares.empty()) continue;
    FP4_ASSIGN_OR_RETURN(const TensorView* tensor, Find(state, info));
    const spec::LayerName layer = spec::SplitLayerName(info.layer());
    if (layer.rest == "attention.qkv") {
      AddAttention(model, *tensor, layer.number, out);
      continue;
    }
    TensorView renamed = *tensor;
    FP4_ASSIGN_OR_RETURN(renamed.name, TheirName(info));
    out.tensors.push_back(std::move(renamed));
  }
  return out;
}

absl::StatusOr<ExportedTensors> ToPlain(const spec::ModelSpec& model,
                                        const safetensors::File& state) {
  ExportedTensors out;
  for (const spec::TensorInfo& info : spec::ModelTensors(model)) {
    if (!info.shares.empty()) continue;
    FP4_ASSIGN_OR_RETURN(const TensorView* tensor, Find(state, info));
    out.tensors.push_back(*tensor);
  }
  return out;
}

std::string LlamaConfig(const spec::ModelSpec& model) {
  const nlohmann::ordered_json config = {{"architectures", {"LlamaForCausalLM"}},
                                         {"model_type", "llama"},
                                         {"hidden_size", model.d_model},
                                         {"intermediate_size", model.d_ff},
                                         {"num_hidden_layers", model.num_layers},
                                         {"num_attention_heads", model.num_heads},
                                         {"num_key_value_heads", model.kv_heads()},
                                         {"head_dim", model.d_model / model.num_heads},
                                         {"vocab_size", model.vocab_size},
                                         {"max_position_embeddings", model.sequence_length},
                                         {"rms_norm_eps", model.norm_eps},
                                         {"rope_theta", 10000.0},
                                         {"hidden_act", "silu"},
                                         {"attention_bias", false},
                                         {"mlp_bias", false},
                                         {"tie_word_embeddings", model.tie_embeddings},
                                         {"bos_token_id", nullptr},
                                         {"eos_token_id", nullptr},
                                         {"torch_dtype", "float32"}};
  return config.dump(2) + "\n";
}

}  // namespace fp4::client
