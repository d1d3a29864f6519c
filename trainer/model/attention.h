#pragma once

#include <string>

#include "trainer/model/dropout.h"
#include "trainer/model/model.h"
#include "trainer/precision/operand.h"

namespace fp4::trainer {

// softmax(q k^T / sqrt(D)) v of one block, causal. The scores (before the softmax) and the
// probabilities (after it, before dropout) are rounded where the document has a rule for them,
// straight-through: a row holds what one query gives to each key, and its blocks run along the
// keys. Of the scores a query's own past alone is rounded: a key that it must not see has no part
// in the scales of its row. Rounded scores stay fp32; probabilities take the type of v.
class ScaledAttention {
 public:
  // `block`: "blocks.0.". What `parts` names outlives it.
  ScaledAttention(const std::string& block, const ModelParts& parts);

  // q, k, v and the result (B, H, T, D), in the compute type.
  at::Tensor Forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const;

 private:
  at::Tensor Probabilities(const at::Tensor& q, const at::Tensor& k, at::ScalarType type) const;

  const OperandQuantizer scores_, probabilities_;
  const Dropout dropout_;
};

}  // namespace fp4::trainer
