// Double quantization of block scales: a block of threads for each kNestedBlock scales.
#include <algorithm>

#include "numerics/arithmetic/dynamic_map.h"
#include "numerics/cuda/device.cuh"

namespace fp4::numerics::cuda {
namespace {

constexpr int kThreads = kNestedBlock;
constexpr int kWarps = kThreads / 32;

struct MapArgument {
  float values[256];
};

// The largest finite distance from the mean, and whether any scale is not finite: over the block.
__device__ void ReduceOverBlock(uint32_t& largest_bits, int& poisoned) {
  __shared__ uint32_t of_warp[kWarps];
  ReduceInWarp<32>(largest_bits, poisoned, ~0u);
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = largest_bits;
  poisoned = __syncthreads_or(poisoned);
  for (uint32_t other : of_warp) largest_bits = max(largest_bits, other);
}

__global__ void __launch_bounds__(kThreads)
    NestScales(const __grid_constant__ NestBatch batch, const __grid_constant__ MapArgument map) {
  __shared__ float held_map[256];  // arguments are slow to read at different places in a warp
  static_assert(kThreads == 256);
  held_map[threadIdx.x] = map.values[threadIdx.x];
  const NestJob& job = FindJob(batch, blockIdx.x);
  const int64_t block = blockIdx.x - job.first_block;
  const int64_t index = block * kThreads + threadIdx.x;
  const bool inside = index < job.num_scales;
  const float offset = job.stats->mean;
  const float absmax = inside ? job.absmax[index] : 0.0f;
  uint32_t largest_bits = 0;
  int poisoned = !IsFinite(absmax);
  if (inside && !poisoned) largest_bits = AbsBits(absmax - offset);
  ReduceOverBlock(largest_bits, poisoned);  // also waits for the map
  const float largest = BitsFloat(poisoned ? kNanBits : largest_bits);
  if (threadIdx.x == 0) {
    if (job.scale_scales != nullptr) job.scale_scales[block] = largest;
    if (job.scale_offset != nullptr && block == 0) *job.scale_offset = offset;
  }
  if (!inside) return;
  const float inverse = largest > 0.0f ? 1.0f / largest : 0.0f;
  const uint32_t code = poisoned ? 0 : NearestInMap(held_map, (absmax - offset) * inverse);
  if (job.codes != nullptr) job.codes[index] = code;
  job.decode_scales[index] = held_map[code] * largest + offset;
}

}  // namespace

void LaunchNest(const NestBatch& batch, cudaStream_t stream) {
  MapArgument map;
  std::copy(DynamicMap().begin(), DynamicMap().end(), map.values);
  Launch(NestScales, dim3(static_cast<unsigned>(batch.num_blocks)), kThreads, stream, batch, map);
}

}  // namespace fp4::numerics::cuda
