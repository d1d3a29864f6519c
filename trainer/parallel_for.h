#pragma once

#include <algorithm>
#include <functional>

#include "trainer/torch.h"

namespace fp4::trainer {

// numerics::ParallelFor over LibTorch's threads.
inline void ParallelFor(int64_t size, int64_t grain,
                        const std::function<void(int64_t, int64_t)>& work) {
  // at::parallel_for cuts ranges as it likes; counting in grains keeps each a multiple of one.
  const int64_t num_grains = (size + grain - 1) / grain;
  at::parallel_for(0, num_grains, 1, [&](int64_t begin, int64_t end) {
    work(begin * grain, std::min(end * grain, size));
  });
}

}  // namespace fp4::trainer
