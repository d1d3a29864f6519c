#pragma once

#include <string>
#include <vector>

#include "trainer/measure/operand_facts.h"

namespace fp4::trainer {

// The inputs of a layer in one micro-batch.
struct InputFacts {
  std::string layer;
  at::Tensor constant;  // (in), bool: the input was the same number in every row
};

// What a run sees of its layers when it looks closely, every training.stats_interval steps or with
// each evaluation.
struct Look {
  int64_t step = 0;
  std::vector<OperandFacts> operands;  // those that are quantized; weights as after the update
  std::vector<InputFacts> inputs;
};

}  // namespace fp4::trainer
