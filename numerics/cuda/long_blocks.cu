// Rows and whole tensors under one scale: a pass that looks, and a pass that quantizes. Elements
// under no scale.
#include "numerics/cuda/device.cuh"

namespace fp4::numerics::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPerThread = 16;
constexpr int64_t kChunk = kThreads * kPerThread;

// Largest magnitude and non-finite elements, by maxima only: the order of threads does not matter.
__global__ void Amax(const __grid_constant__ Batch batch) {
  const TensorJob& job = FindJob(batch, blockIdx.x);
  const int64_t length = job.rows * job.columns / job.num_blocks;
  const int64_t block = blockIdx.x - job.first_block;
  uint32_t amax_bits = 0;
  int poisoned = 0;
  for (int64_t i = blockIdx.y * kChunk + threadIdx.x; i < length; i += gridDim.y * kChunk) {
#pragma unroll
    for (int j = 0; j < kPerThread; ++j) {
      const int64_t index = i + j * kThreads;
      if (index >= length) break;
      Look(job.values[block * length + index], amax_bits, poisoned);
    }
  }
  amax_bits = __reduce_max_sync(~0u, amax_bits);
  poisoned = __any_sync(~0u, poisoned);
  if (threadIdx.x % 32 == 0) {
    atomicMax(&job.stats[block].amax_bits, amax_bits);
    if (poisoned) atomicOr(&job.stats[block].poisoned, 1u);
  }
}

// Mean magnitude of each block, added in double in the order of the elements: all threads fetch,
// one adds.
__global__ void Means(const __grid_constant__ Batch batch) {
  __shared__ float fetched[kChunk];
  const TensorJob& job = FindJob(batch, blockIdx.x);
  const int64_t length = job.rows * job.columns / job.num_blocks;
  const int64_t block = blockIdx.x - job.first_block;
  double sum = 0;
  int64_t count = 0;
  uint32_t poisoned = 0;
  for (int64_t begin = 0; begin < length; begin += kChunk) {
    const int64_t size = min(kChunk, length - begin);
    __syncthreads();
    for (int64_t i = threadIdx.x; i < size; i += kThreads)
      fetched[i] = job.values[block * length + begin + i];
    __syncthreads();
    if (threadIdx.x != 0) continue;
    for (int64_t i = 0; i < size; ++i) {
      if (IsFinite(fetched[i])) {
        sum += Abs(fetched[i]);
        ++count;
      } else {
        poisoned = 1;
      }
    }
  }
  if (threadIdx.x == 0) {
    job.stats[block].mean = count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 0.0f;
    job.stats[block].poisoned = poisoned;
  }
}

template <ElementType kElement, ScaleRule kRule>
__global__ void __launch_bounds__(kThreads)
    Elements(const __grid_constant__ Batch batch, const Rules rules) {
  const TensorJob& job = FindJob(batch, blockIdx.x);
  const int64_t block = blockIdx.x - job.first_block;
  const int64_t length = job.rows * job.columns / job.num_blocks;
  BlockScale scale = {0, 1.0f, 1.0f, false};
  if constexpr (kRule != ScaleRule::kNone) {
    const Stats stats = job.stats[block];
    scale = ScaleOf<kRule>(BitsFloat(stats.amax_bits), stats.mean, stats.poisoned != 0, rules,
                           kElement, {}, 1.0f);
    if (job.scales != nullptr && blockIdx.y == 0 && threadIdx.x == 0)
      job.scales[block] = scale.stored;
  }
  for (int64_t i = blockIdx.y * int64_t{kThreads} + threadIdx.x; i < length;
       i += gridDim.y * int64_t{kThreads}) {
    const int64_t index = block * length + i;
    const float value = job.values[index];
    const uint32_t code = CodeOf<kElement, kRule>(value, scale, rules, job.key, index);
    if (job.codes != nullptr) job.codes[index] = code;
    float decoded = ElementValue(kElement, code);
    if constexpr (kRule != ScaleRule::kNone) {  // elements without a scale keep their NaNs
      decoded *= scale.decode;
      if (rules.unscale != 1.0f) decoded *= rules.unscale;
      decoded = UniteNan(decoded);
    }
    if (job.decoded != nullptr) Store(job.decoded, index, decoded, rules.output_bf16);
  }
}

// Enough threads to fill a GPU, no more than there is work. The first dimension is the blocks of
// the launch.
dim3 Grid(const Batch& batch, int64_t per_block_of_threads) {
  int64_t longest = 1;
  for (int i = 0; i < batch.num_tensors; ++i) {
    const TensorJob& job = batch.tensors[i];
    longest = max(longest, job.rows * job.columns / job.num_blocks);
  }
  int64_t chunks = min((longest + per_block_of_threads - 1) / per_block_of_threads, int64_t{2048});
  return dim3(static_cast<unsigned>(batch.num_blocks), static_cast<unsigned>(chunks));
}

}  // namespace

void LaunchAmax(const Batch& batch, cudaStream_t stream) {
  Launch(Amax, Grid(batch, kChunk), kThreads, stream, batch);
}

void LaunchMeans(const Batch& batch, cudaStream_t stream) {
  Launch(Means, dim3(static_cast<unsigned>(batch.num_blocks)), kThreads, stream, batch);
}

void LaunchElements(const Batch& batch, const Rules& rules, cudaStream_t stream) {
  DispatchFormat(rules.element, rules.scale_rule, [&]<ElementType kElement, ScaleRule kRule>() {
    if constexpr (kRule != ScaleRule::kTwoLevel && kRule != ScaleRule::kPowerOfTwo) {
      Launch(Elements<kElement, kRule>, Grid(batch, kThreads * 4), kThreads, stream, batch, rules);
    }
  });
}

}  // namespace fp4::numerics::cuda
