// MS-EDEN: a warp holds a rotated group of 128, four lanes to a block of 16, so that the group's
// correction needs no memory between its eight blocks.
#include "numerics/arithmetic/ms_eden.h"
#include "numerics/cuda/device.cuh"

namespace fp4::numerics::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksOfGroup = kEdenGroup / kEdenBlock;
constexpr int kLanes = 32 / kBlocksOfGroup;  // of a block

// The sum over the group of what its lanes hold, in the order of FoldPartialSums: lane l holds
// elements 4 (l % kLanes) ... of block l / kLanes, so partial sum 4 q + i is in register i of the
// lanes with l % kLanes = q.
__device__ float GroupSum(const float (&terms)[4]) {
  float partial[4] = {};
#pragma unroll
  for (int block = 0; block < kBlocksOfGroup; ++block) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int from = block * kLanes + static_cast<int>(threadIdx.x) % kLanes;
      partial[i] += __shfl_sync(~0u, terms[i], from);
    }
  }
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
#pragma unroll
    for (int i = 0; i < 4; ++i) partial[i] += __shfl_xor_sync(~0u, partial[i], distance);
  }
  return (partial[0] + partial[2]) + (partial[1] + partial[3]);
}

__global__ void __launch_bounds__(kThreads)
    EdenGroups(const __grid_constant__ Batch batch, const Rules rules) {
  const int lane = threadIdx.x % kLanes;
  const int64_t block = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / kLanes;
  if (block >= batch.num_blocks) return;  // whole groups, hence whole warps, leave together
  const TensorJob& job = FindJob(batch, block);
  const int64_t first = (block - job.first_block) * kEdenBlock;
  const float4 four = *reinterpret_cast<const float4*>(job.values + first + lane * 4);
  const float x[4] = {four.x, four.y, four.z, four.w};
  uint32_t amax_bits = 0;
  int poisoned = 0;
#pragma unroll
  for (float value : x) Look(value, amax_bits, poisoned);
  ReduceInWarp<kLanes>(amax_bits, poisoned, ~0u);

  const float factor = EdenTensorScale(rules.tensor_amax > 0.0f ? rules.tensor_amax
                                                                : BitsFloat(job.stats->amax_bits));
  BlockScale scale = EdenScale(BitsFloat(amax_bits), poisoned != 0, factor);
  uint32_t codes[4];
  float xx[4], xq[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    codes[i] = CodeOf<ElementType::kE2M1, ScaleRule::kTwoLevel>(x[i], scale, rules, job.key, 0);
    const float scaled = scale.poisoned ? 0.0f : x[i] * scale.encode;
    xx[i] = scaled * scaled;
    xq[i] = scaled * E2M1Value(codes[i]);
  }
  const float sum_xx = GroupSum(xx), sum_xq = GroupSum(xq);
  scale = EdenCorrectedScale(scale, EdenCorrection(sum_xx, sum_xq),
                             RandomBits(job.key, rules.step, static_cast<uint64_t>(first)));

  if (job.scales != nullptr && lane == 0) job.scales[block - job.first_block] = scale.stored;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t index = first + lane * 4 + i;
    if (job.codes != nullptr) job.codes[index] = codes[i];
    const float value = E2M1Value(codes[i]) * scale.decode * factor;
    if (job.decoded != nullptr) Store(job.decoded, index, UniteNan(value), rules.output_bf16);
  }
}

}  // namespace

void LaunchEden(const Batch& batch, const Rules& rules, cudaStream_t stream) {
  const int64_t grid = (batch.num_blocks * kLanes + kThreads - 1) / kThreads;
  Launch(EdenGroups, dim3(static_cast<unsigned>(grid)), kThreads, stream, batch, rules);
}

}  // namespace fp4::numerics::cuda
