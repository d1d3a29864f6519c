// Hadamard rotation and dropout masks.
#include "numerics/arithmetic/hadamard.h"
#include "numerics/arithmetic/philox.h"
#include "numerics/cuda/device.cuh"

namespace fp4::numerics::cuda {
namespace {

constexpr int kThreads = 256;

// A group of n elements in a warp (or half a warp for 16): lane l holds elements l, l + 32, ...
// Partners at distance below 32 are in another lane, the others in another register; the additions
// are those of HadamardTransform.
template <int kSize>
__global__ void __launch_bounds__(kThreads)
    Rotate(const __grid_constant__ RotationBatch batch, const Rotation rotation) {
  constexpr int kLanes = kSize < 32 ? kSize : 32;
  constexpr int kHeld = kSize / kLanes;
  const int lane = threadIdx.x % kLanes;
  const int64_t group = (static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x) / kLanes;
  if (group >= batch.num_blocks) return;
  const unsigned mask = kLanes == 32 ? ~0u : 0xFFFFu << (threadIdx.x % 32 / kLanes * kLanes);
  const RotationJob& job = FindJob(batch, group);
  const int64_t begin = (group - job.first_block) * kSize + lane;
  float x[kHeld], sign[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    sign[i] = HadamardSign(job.signs.words[i], lane);
    x[i] = job.values[begin + i * kLanes];
    if (!rotation.back) x[i] *= sign[i];
  }
#pragma unroll
  for (int distance = 1; distance < kLanes; distance *= 2) {
#pragma unroll
    for (int i = 0; i < kHeld; ++i) {
      const float partner = __shfl_xor_sync(mask, x[i], distance, kLanes);
      x[i] = lane & distance ? partner - x[i] : x[i] + partner;
    }
  }
#pragma unroll
  for (int distance = 1; distance < kHeld; distance *= 2) {
#pragma unroll
    for (int i = 0; i < kHeld; ++i) {
      if (i & distance) continue;
      const float a = x[i], b = x[i + distance];
      x[i] = a + b;
      x[i + distance] = a - b;
    }
  }
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    x[i] *= HadamardFactor(kSize);
    if (rotation.back) {
      x[i] *= sign[i];
      if (rotation.factor != 1.0f) x[i] *= rotation.factor;
    }
    Store(job.rotated, begin + i * kLanes, UniteNan(x[i]), rotation.to_bf16);
  }
}

__global__ void Dropout(float* mask, int64_t size, uint64_t threshold, float kept, uint64_t key,
                        uint64_t counter) {
  const int64_t quad = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (quad * 4 >= size) return;
  const PhiloxWords random = Philox(key, static_cast<uint64_t>(quad), counter);
  for (int i = 0; i < 4 && quad * 4 + i < size; ++i)
    mask[quad * 4 + i] = random.words[i] < threshold ? 0.0f : kept;
}

template <int kSize>
void LaunchSize(const RotationBatch& batch, const Rotation& rotation, cudaStream_t stream) {
  constexpr int kLanes = kSize < 32 ? kSize : 32;
  const int64_t grid = (batch.num_blocks * kLanes + kThreads - 1) / kThreads;
  Launch(Rotate<kSize>, dim3(static_cast<unsigned>(grid)), kThreads, stream, batch, rotation);
}

}  // namespace

void LaunchRotate(const RotationBatch& batch, const Rotation& rotation, cudaStream_t stream) {
  switch (rotation.size) {
    case 16:
      return LaunchSize<16>(batch, rotation, stream);
    case 32:
      return LaunchSize<32>(batch, rotation, stream);
    case 64:
      return LaunchSize<64>(batch, rotation, stream);
    case 128:
      return LaunchSize<128>(batch, rotation, stream);
  }
}

void LaunchDropoutMask(float* mask, int64_t size, double probability, uint64_t key,
                       uint64_t counter, cudaStream_t stream) {
  const auto threshold = static_cast<uint64_t>(probability * 0x1p32);
  const auto kept = static_cast<float>(1.0 / (1.0 - probability));
  const int64_t quads = (size + 3) / 4;
  Launch(Dropout, dim3(static_cast<unsigned>((quads + kThreads - 1) / kThreads)), kThreads, stream,
         mask, size, threshold, kept, key, counter);
}

}  // namespace fp4::numerics::cuda
