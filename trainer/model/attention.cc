#include "trainer/model/attention.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/precision/straight_through.h"

namespace fp4::trainer {
namespace {

OperandQuantizer QuantizerOf(const std::string& tensor, const ModelParts& parts,
                             at::ScalarType type) {
  const auto& rules = parts.run.attention;
  const auto found = std::ranges::find(rules, tensor, &spec::AttentionPrecision::tensor);
  const spec::OperandPrecision operand =
      found == rules.end() ? spec::OperandPrecision{} : found->operand;
  return {operand, tensor, "a", type, parts.context, parts.backend};
}

}  // namespace

ScaledAttention::ScaledAttention(const std::string& block, const ModelParts& parts)
    : scores_(QuantizerOf(block + "attention.scores", parts, at::kFloat)),
      probabilities_(QuantizerOf(block + "attention.probabilities", parts, parts.compute_type)),
      dropout_(parts.run.model.dropout, block + "attention", parts.context, parts.backend) {}

at::Tensor ScaledAttention::Forward(const at::Tensor& q, const at::Tensor& k,
                                    const at::Tensor& v) const {
  RECORD_USER_SCOPE("attention, forward");
  // The fused kernels show neither scores nor probabilities, and draw random numbers of their own;
  // ours are by (seed, layer, step).
  const bool fused = !dropout_.active() && !scores_.quantized() && !probabilities_.quantized();
  if (fused) return at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true);
  return at::matmul(Probabilities(q, k, v.scalar_type()), v);
}

at::Tensor ScaledAttention::Probabilities(const at::Tensor& q, const at::Tensor& k,
                                          at::ScalarType type) const {
  at::Tensor scores = at::matmul(q, k.transpose(-2, -1)).to(at::kFloat) /
                      std::sqrt(static_cast<double>(q.size(-1)));
  const at::Tensor future = at::ones({q.size(2), q.size(2)}, q.options().dtype(at::kBool)).triu_(1);
  if (scores_.quantized()) scores = RoundStraightThrough(scores_, scores.masked_fill(future, 0.0));
  scores = scores.masked_fill(future, -std::numeric_limits<double>::infinity());
  at::Tensor probabilities = at::softmax(scores, -1);
  if (probabilities_.quantized())
    probabilities = RoundStraightThrough(probabilities_, probabilities);
  return dropout_(probabilities).to(type);
}

}  // namespace fp4::trainer
