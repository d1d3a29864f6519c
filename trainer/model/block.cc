#include "trainer/model/block.h"

#include "absl/strings/str_cat.h"
#include "trainer/model/activation.h"

namespace fp4::trainer {
namespace {

std::string BlockName(int64_t index) { return absl::StrCat("blocks.", index, "."); }

NormLayer MakeNorm(const std::string& name, const ModelParts& parts) {
  return {parts.run.model.norm, parts.run.model.norm_eps, parts.parameters.Master(name + ".weight"),
          parts.compute_type};
}

// A sub-norm is an RMS norm whatever the others are.
std::optional<NormLayer> MakeSubNorm(const std::string& name, const ModelParts& parts) {
  if (!parts.run.model.sub_norm) return std::nullopt;
  return NormLayer(spec::Norm::kRmsNorm, parts.run.model.norm_eps,
                   parts.parameters.Master(name + ".weight"), parts.compute_type);
}

// (B, KV, T, D) → (B, H, T, D): each key/value head as often as query heads read it. Attention
// kernels on CPUs take equal numbers of heads only.
at::Tensor ForEachQueryHead(const at::Tensor& heads, int64_t queries) {
  const int64_t keys = heads.size(1);
  if (keys == queries) return heads;
  return heads.unsqueeze(2)
      .expand({heads.size(0), keys, queries / keys, heads.size(2), heads.size(3)})
      .reshape({heads.size(0), queries, heads.size(2), heads.size(3)});
}

}  // namespace

Block::Block(int64_t index, const ModelParts& parts, const RotaryTable& rotary)
    : heads_{parts.run.model.num_heads, parts.run.model.kv_heads()},
      activation_(parts.run.model.activation),
      rotary_(rotary),
      attention_norm_(MakeNorm(BlockName(index) + "attention_norm", parts)),
      mlp_norm_(MakeNorm(BlockName(index) + "mlp_norm", parts)),
      out_norm_(MakeSubNorm(BlockName(index) + "attention.out_norm", parts)),
      down_norm_(MakeSubNorm(BlockName(index) + "mlp.down_norm", parts)),
      qkv_(MakeLinear(BlockName(index) + "attention.qkv", parts)),
      out_(MakeLinear(BlockName(index) + "attention.out", parts)),
      up_(MakeLinear(BlockName(index) + "mlp.up", parts)),
      gate_(parts.run.model.gated() ? MakeLinear(BlockName(index) + "mlp.gate", parts) : nullptr),
      down_(MakeLinear(BlockName(index) + "mlp.down", parts)),
      attention_(BlockName(index), parts),
      out_dropout_(parts.run.model.dropout, BlockName(index) + "attention.out", parts.context,
                   parts.backend),
      activation_dropout_(parts.run.model.dropout, BlockName(index) + "mlp.activation",
                          parts.context, parts.backend),
      down_dropout_(parts.run.model.dropout, BlockName(index) + "mlp.down", parts.context,
                    parts.backend) {}

at::Tensor Block::Forward(const at::Tensor& x, bool checkpointed) {
  return checkpointed ? ComputeRecomputed(*this, x) : Compute(x);
}

std::vector<Linear*> Block::linears() {
  std::vector<Linear*> all = {qkv_.get(), out_.get(), up_.get()};
  if (gate_ != nullptr) all.push_back(gate_.get());
  all.push_back(down_.get());
  return all;
}

at::Tensor Block::Compute(const at::Tensor& x) {
  at::Tensor y = x + Attention(attention_norm_.Forward(x));
  return y + Mlp(mlp_norm_.Forward(y));
}

at::Tensor Block::Attention(const at::Tensor& x) {
  std::vector<at::Tensor> heads = SplitHeads(qkv_->Forward(x), heads_, rotary_);
  at::Tensor mixed =
      attention_.Forward(heads[0], ForEachQueryHead(heads[1], heads_.queries),
                         ForEachQueryHead(heads[2], heads_.queries));  // (B, H, T, D)
  mixed = mixed.transpose(1, 2).reshape(x.sizes());
  return out_dropout_(out_->Forward(out_norm_ ? out_norm_->Forward(mixed) : mixed));
}

at::Tensor Block::Mlp(const at::Tensor& x) {
  at::Tensor hidden = up_->Forward(x);
  if (gate_ != nullptr) {
    hidden = Activate(activation_, gate_->Forward(x)) * hidden;
  } else {
    hidden = Activate(activation_, hidden);
  }
  hidden = activation_dropout_(hidden);
  return down_dropout_(down_->Forward(down_norm_ ? down_norm_->Forward(hidden) : hidden));
}

}  // namespace fp4::trainer
