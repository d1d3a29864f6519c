// Blocks that fit into registers: one read, one write. A group of kLanes threads holds a block,
// four consecutive elements a thread and vector, so that a warp's accesses are coalesced.
#include "numerics/cuda/device.cuh"

namespace fp4::numerics::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kTileSide = 16;

// Where a block lies in its tensor.
struct Window {
  int64_t begin = 0;    // index of its first element
  int64_t columns = 0;  // of the tensor: the distance of two rows of a tile
  int width = 0, height = 1;

  // The index of element `e`, or -1 where the block is cut off by the tensor's edge.
  template <bool kTile>
  __device__ int64_t Index(int e) const {
    if constexpr (kTile) {
      int row = e / kTileSide, column = e % kTileSide;
      return row < height && column < width ? begin + row * columns + column : -1;
    }
    return e < width ? begin + e : -1;
  }
};

template <bool kTile>
__device__ Window FindWindow(const TensorJob& job, int64_t block, int block_columns) {
  Window window;
  window.columns = job.columns;
  int64_t per_row = (job.columns + block_columns - 1) / block_columns;
  int64_t row = block / per_row * (kTile ? kTileSide : 1);
  int64_t column = block % per_row * block_columns;
  window.begin = row * job.columns + column;
  window.width = static_cast<int>(min(static_cast<int64_t>(block_columns), job.columns - column));
  if constexpr (kTile)
    window.height = static_cast<int>(min(static_cast<int64_t>(kTileSide), job.rows - row));
  return window;
}

// The sum over the block of what encoding with `scale` loses, in fp32, in the order of the elements
// and in the units of TwoLevelRule.
template <ElementType kElement, ScaleRule kRule, int kLanes, int kVectors>
__device__ float OrderedError(const float (&x)[kVectors * 4], const bool (&inside)[kVectors * 4],
                              const BlockScale& scale, const TwoLevelRule& two_level,
                              FourOverSix measure, unsigned mask) {
  float error[kVectors * 4];
#pragma unroll
  for (int i = 0; i < kVectors * 4; ++i) {
    uint32_t code = NearestCode<kElement>(ApplyScale(x[i], scale, kRule));
    float decoded = ElementValue(kElement, code) * scale.decode * two_level.decode_units;
    float difference = decoded - x[i] * two_level.to_units;
    error[i] = measure == FourOverSix::kMse ? difference * difference : Abs(difference);
  }
  float sum = 0.0f;
#pragma unroll
  for (int vector = 0; vector < kVectors; ++vector) {
    for (int lane = 0; lane < kLanes; ++lane) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float term = __shfl_sync(mask, error[vector * 4 + i], lane, kLanes);
        bool counts =
            __shfl_sync(mask, static_cast<int>(inside[vector * 4 + i]), lane, kLanes) != 0;
        if (counts) sum += term;
      }
    }
  }
  return sum;
}

// Maxima over the lanes of a group: a part of a warp, a warp, or all threads of the block.
template <int kLanes>
__device__ void ReduceStats(uint32_t& amax_bits, int& poisoned, unsigned mask) {
  ReduceInWarp<(kLanes < 32 ? kLanes : 32)>(amax_bits, poisoned, mask);
  if constexpr (kLanes > 32) {
    static_assert(kLanes == kThreads);
    __shared__ uint32_t warp_amax[kThreads / 32];
    if (threadIdx.x % 32 == 0) warp_amax[threadIdx.x / 32] = amax_bits;
    poisoned = __syncthreads_or(poisoned);
    for (uint32_t other : warp_amax) amax_bits = max(amax_bits, other);
  }
}

template <ElementType kElement, ScaleRule kRule, int kLanes, int kVectors, bool kTile>
__global__ void __launch_bounds__(kThreads)
    QuantizeBlocks(const __grid_constant__ Batch batch, const Rules rules) {
  constexpr int kHeld = kVectors * 4;
  constexpr int kBlockColumns = kTile ? kTileSide : kLanes * kHeld;
  const int lane = threadIdx.x % kLanes;
  const int64_t block = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / kLanes;
  if (block >= batch.num_blocks) return;  // whole groups leave together
  const unsigned mask =
      kLanes >= 32 ? ~0u : ((1u << kLanes % 32) - 1) << (threadIdx.x % 32 / kLanes * kLanes);
  const TensorJob& job = FindJob(batch, block);
  const Window window = FindWindow<kTile>(job, block - job.first_block, kBlockColumns);

  float x[kHeld];
  bool inside[kHeld];
  uint32_t amax_bits = 0;
  int poisoned = 0;
#pragma unroll
  for (int vector = 0; vector < kVectors; ++vector) {
    const int first = (vector * kLanes + lane) * 4;
    const int64_t begin = window.Index<kTile>(first);
    const bool whole = begin >= 0 && begin % 4 == 0 && window.Index<kTile>(first + 3) >= 0 &&
                       reinterpret_cast<uintptr_t>(job.values) % 16 == 0;
    if (whole) {
      float4 four = *reinterpret_cast<const float4*>(job.values + begin);
      x[vector * 4] = four.x, x[vector * 4 + 1] = four.y, x[vector * 4 + 2] = four.z,
                 x[vector * 4 + 3] = four.w;
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int64_t index = window.Index<kTile>(first + i);
      float& value = x[vector * 4 + i];
      inside[vector * 4 + i] = index >= 0;
      if (!whole) value = index >= 0 ? job.values[index] : 0.0f;
      Look(value, amax_bits, poisoned);
    }
  }
  ReduceStats<kLanes>(amax_bits, poisoned, mask);

  TwoLevelRule two_level;
  float factor = 1.0f;
  if constexpr (kRule == ScaleRule::kTwoLevel) {
    two_level = MakeTwoLevelRule(
        rules.tensor_amax > 0.0f ? rules.tensor_amax : BitsFloat(job.stats->amax_bits),
        rules.two_level_largest);
    factor = two_level.decode;
  }
  const float amax = BitsFloat(amax_bits);
  BlockScale scale = ScaleOf<kRule>(amax, 0.0f, poisoned != 0, rules, kElement, two_level, 1.0f);
  if constexpr (kRule == ScaleRule::kTwoLevel) {
    if (rules.four_over_six != FourOverSix::kOff && !scale.poisoned) {
      BlockScale four = ScaleOf<kRule>(amax, 0.0f, false, rules, kElement, two_level, 1.5f);
      float with_four = OrderedError<kElement, kRule, kLanes, kVectors>(x, inside, four, two_level,
                                                                        rules.four_over_six, mask);
      float with_six = OrderedError<kElement, kRule, kLanes, kVectors>(x, inside, scale, two_level,
                                                                       rules.four_over_six, mask);
      if (with_four < with_six) scale = four;
    }
  }
  if (job.scales != nullptr && lane == 0) job.scales[block - job.first_block] = scale.stored;
  if (job.codes == nullptr && job.decoded == nullptr) return;
  float decode_scale = scale.decode;
  if constexpr (kRule == ScaleRule::kReciprocal) {
    if (job.decode_scales != nullptr) decode_scale = job.decode_scales[block - job.first_block];
  }

#pragma unroll
  for (int vector = 0; vector < kVectors; ++vector) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int64_t index = window.Index<kTile>((vector * kLanes + lane) * 4 + i);
      if (index < 0) continue;
      const uint32_t code =
          CodeOf<kElement, kRule>(x[vector * 4 + i], scale, rules, job.key, index);
      if (job.codes != nullptr) job.codes[index] = code;
      float value = ElementValue(kElement, code) * decode_scale;
      if constexpr (kRule == ScaleRule::kTwoLevel) value *= factor;
      if (rules.unscale != 1.0f) value *= rules.unscale;
      if (job.decoded != nullptr) Store(job.decoded, index, UniteNan(value), rules.output_bf16);
    }
  }
}

template <ElementType kElement, ScaleRule kRule, int kLanes, int kVectors, bool kTile>
void LaunchShape(const Batch& batch, const Rules& rules, cudaStream_t stream) {
  int64_t grid = (batch.num_blocks * kLanes + kThreads - 1) / kThreads;
  Launch(QuantizeBlocks<kElement, kRule, kLanes, kVectors, kTile>,
         dim3(static_cast<unsigned>(grid)), kThreads, stream, batch, rules);
}

}  // namespace

void LaunchBlocks(const Batch& batch, const Rules& rules, int block_columns, bool tile,
                  cudaStream_t stream) {
  DispatchFormat(rules.element, rules.scale_rule, [&]<ElementType kElement, ScaleRule kRule>() {
    if constexpr (kRule == ScaleRule::kTwoLevel) {
      if (tile) return LaunchShape<kElement, kRule, 32, 2, true>(batch, rules, stream);
      return LaunchShape<kElement, kRule, 4, 1, false>(batch, rules, stream);
    }
    if constexpr (kRule == ScaleRule::kPowerOfTwo)
      return LaunchShape<kElement, kRule, 8, 1, false>(batch, rules, stream);
    if constexpr (kRule == ScaleRule::kReciprocal || kRule == ScaleRule::kDivided) {
      switch (block_columns) {
        case 16:
          return LaunchShape<kElement, kRule, 4, 1, false>(batch, rules, stream);
        case 32:
          return LaunchShape<kElement, kRule, 8, 1, false>(batch, rules, stream);
        case 64:
          return LaunchShape<kElement, kRule, 16, 1, false>(batch, rules, stream);
        case 128:
          return LaunchShape<kElement, kRule, 32, 1, false>(batch, rules, stream);
      }
    }
    if constexpr (kRule == ScaleRule::kReciprocal) {
      switch (block_columns) {
        case 256:
          return LaunchShape<kElement, kRule, 32, 2, false>(batch, rules, stream);
        case 512:
          return LaunchShape<kElement, kRule, 32, 4, false>(batch, rules, stream);
        case 1024:
          return LaunchShape<kElement, kRule, kThreads, 1, false>(batch, rules, stream);
        case 2048:
          return LaunchShape<kElement, kRule, kThreads, 2, false>(batch, rules, stream);
        case 4096:
          return LaunchShape<kElement, kRule, kThreads, 4, false>(batch, rules, stream);
      }
    }
  });
}

}  // namespace fp4::numerics::cuda
