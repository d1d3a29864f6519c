// How the work of this library is spread over threads: the caller brings the threads.
#pragma once

#include <cstdint>
#include <functional>

namespace fp4::numerics {

// How a computation is spread over threads: calls `work(begin, end)` on disjoint ranges that
// together cover [0, size), each a multiple of `grain` long but the last, and returns when all are
// done. The results of this library do not depend on how the ranges are cut. The trainer passes
// at::parallel_for, the tool a pool of its own, tests SerialFor.
using ParallelFor = std::function<void(
    int64_t size, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& work)>;

// All of the work on the calling thread.
inline void SerialFor(int64_t size, int64_t /*grain*/,
                      const std::function<void(int64_t, int64_t)>& work) {
  if (size > 0) work(0, size);
}

}  // namespace fp4::numerics
