// What kernels are told. Passed by value: a launch holds up to kMaxTensors tensors.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "numerics/arithmetic/block_scale.h"
#include "numerics/arithmetic/hadamard.h"
#include "numerics/format.h"

namespace fp4::numerics::cuda {

// The part of a quantization that is the same for all tensors of a call.
struct Rules {
  ElementType element = ElementType::kOther;
  ScaleRule scale_rule = ScaleRule::kNone;
  float headroom = 1.0f;
  float max_value = 0.0f;  // of kDivided
  PowerOfTwoRule power_of_two;
  float two_level_largest = 0.0f;  // 2688 or 1536
  float tensor_amax = 0.0f;        // of kTwoLevel where the caller has it; 0: it is in the stats
  FourOverSix four_over_six = FourOverSix::kOff;
  float prescale =
      1.0f;  // of elements against their scale: Prescaled in numerics/arithmetic/block_scale.h
  float unscale = 1.0f;  // of decoded values: 1 / prescale where no rotation back does it
  bool stochastic = false;
  uint64_t step = 0;  // of random numbers, whose key is the tensor's own
  bool output_bf16 = false;
};

// What a first pass found out about a block (or, for kTwoLevel, about the tensor).
struct Stats {
  uint32_t amax_bits;  // of the finite magnitudes
  uint32_t poisoned;
  float mean;  // of kMean
};

struct TensorJob {
  const float* values;
  void* decoded;
  uint32_t* codes;
  uint32_t* scales;
  const float* decode_scales;  // where decoding takes other scales than encoding; or null
  Stats* stats;
  int64_t rows, columns;  // of what is tiled: flat and tensor blocks see one row
  int64_t first_block;    // of this tensor, among the blocks of the launch
  int64_t num_blocks;
  uint64_t key;  // of random numbers
};

// The scales of a tensor that are quantized again.
struct NestJob {
  const float* absmax;
  float* decode_scales;
  uint32_t* codes;      // these three as in TensorView, or null
  float* scale_scales;  // one for each block
  float* scale_offset;
  const Stats* stats;  // their mean
  int64_t num_scales;
  int64_t first_block, num_blocks;  // of kNestedBlock scales
};

// A tensor that is rotated, or rotated back, in groups.
struct RotationJob {
  const float* values;
  void* rotated;                    // fp32, or bf16 where Rotation says so
  int64_t first_block, num_blocks;  // of groups
  SignBits signs;
};

// The jobs of a launch. Kernel arguments hold 4 KiB.
template <class Job, int kMax>
struct JobBatch {
  static constexpr int kMaxTensors = kMax;
  int num_tensors;
  int64_t num_blocks;
  Job tensors[kMax];
};
using Batch = JobBatch<TensorJob, 44>;
using NestBatch = JobBatch<NestJob, 40>;
using RotationBatch = JobBatch<RotationJob, 80>;

// Blocks of `block_columns` elements of a row, or tiles of 16 x 16 (`tile`), each held in
// registers: amax, scale, codes and decoded values in one read and one write.
void LaunchBlocks(const Batch& batch, const Rules& rules, int block_columns, bool tile,
                  cudaStream_t stream);

// Blocks of 16 under MS-EDEN, eight of them to a group of kEdenGroup:
// numerics/arithmetic/ms_eden.h. Values are aligned to 16 bytes.
void LaunchEden(const Batch& batch, const Rules& rules, cudaStream_t stream);

// Stats of long blocks: rows (num_blocks = rows) or whole tensors (num_blocks = 1). LaunchMeans
// adds in index order, as the definition does, and is as slow as that.
void LaunchAmax(const Batch& batch, cudaStream_t stream);
void LaunchMeans(const Batch& batch, cudaStream_t stream);

// Elements under scales that follow from stats (rows, tensors), or under none at all.
void LaunchElements(const Batch& batch, const Rules& rules, cudaStream_t stream);

// Double quantization: numerics/arithmetic/dynamic_map.h.
void LaunchNest(const NestBatch& batch, cudaStream_t stream);

// Groups of `size` elements rotated, or rotated back and then multiplied by `factor`:
// numerics/arithmetic/hadamard.h.
struct Rotation {
  int size = 0;
  float factor = 1.0f;
  bool back = false;
  bool to_bf16 = false;
};
void LaunchRotate(const RotationBatch& batch, const Rotation& rotation, cudaStream_t stream);

inline constexpr size_t kMaxKernelArguments = 4096;
static_assert(sizeof(Batch) + sizeof(Rules) <= kMaxKernelArguments);
static_assert(sizeof(NestBatch) <= kMaxKernelArguments);
static_assert(sizeof(RotationBatch) + sizeof(Rotation) <= kMaxKernelArguments);

void LaunchDropoutMask(float* mask, int64_t size, double probability, uint64_t key,
                       uint64_t counter, cudaStream_t stream);

}  // namespace fp4::numerics::cuda
