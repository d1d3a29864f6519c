// Tensors of random numbers by (key, counter), on the CPU.
#pragma once

#include <cstdint>

#include "trainer/torch.h"

namespace fp4::trainer {

// (count) fp32, uniform in [0, 1).
at::Tensor UniformTensor(int64_t count, uint64_t key, uint64_t counter);

// (count) fp32, N(0, 1), by Box and Muller's transform of two uniform ones.
at::Tensor NormalTensor(int64_t count, uint64_t key, uint64_t counter);

}  // namespace fp4::trainer
