#pragma once

#include <memory>
#include <optional>

#include "spec/run_spec.h"
#include "trainer/model/attention.h"
#include "trainer/model/dropout.h"
#include "trainer/model/model.h"
#include "trainer/model/norm.h"
#include "trainer/model/recompute.h"
#include "trainer/model/rotary.h"
#include "trainer/precision/linear.h"

namespace fp4::trainer {

// A pre-norm transformer block: x += out(attention(norm(x))); x += down(act(up(norm(x)))). The
// residual stream x is fp32 (B, T, C); what enters a GEMM is in the compute type. With sub-norms
// (BitNet, Wang et al., arXiv 2310.11453) an RMS norm stands before out and before down as well;
// with grouped queries (Ainslie et al., arXiv 2305.13245) query head h reads key/value head
// floor(h KV / H).
class Block : public Recomputable {
 public:
  // `rotary` and what `parts` name outlive it.
  Block(int64_t index, const ModelParts& parts, const RotaryTable& rotary);

  // Recorded for autograd; with `checkpointed` only x is kept, and the rest computed again in
  // backward.
  at::Tensor Forward(const at::Tensor& x, bool checkpointed);

  std::vector<Linear*> linears();

  at::Tensor Compute(const at::Tensor& x) override;

 private:
  at::Tensor Attention(const at::Tensor& x);
  at::Tensor Mlp(const at::Tensor& x);

  const HeadCounts heads_;
  const spec::Activation activation_;
  const RotaryTable& rotary_;
  NormLayer attention_norm_, mlp_norm_;
  std::optional<NormLayer> out_norm_, down_norm_;         // sub-norms
  std::unique_ptr<Linear> qkv_, out_, up_, gate_, down_;  // gate_: null where there is none
  ScaledAttention attention_;
  Dropout out_dropout_, activation_dropout_, down_dropout_;
};

}  // namespace fp4::trainer
