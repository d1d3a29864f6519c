#pragma once

#include <string_view>

#include "trainer/backend/backend.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Sets elements to zero by (seed, site, micro-batch of the run), the rest times 1 / (1 -
// probability): the same elements again when a block is recomputed, and after a resume.
class Dropout {
 public:
  // `site` ("blocks.0.mlp.down") has a stream of its own. `context` outlives this.
  Dropout(double probability, std::string_view site, const StepContext& context, Backend& backend);

  // x itself when the probability is 0 or in evaluation.
  at::Tensor operator()(const at::Tensor& x) const;

  bool active() const { return probability_ > 0 && context_.training; }

 private:
  const double probability_;
  const uint64_t key_;
  const StepContext& context_;
  Backend& backend_;
};

}  // namespace fp4::trainer
