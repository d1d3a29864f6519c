// AdamW on the CPU where not everything is fp32: one pass over master, gradient and both moments,
// block by block, in whatever types they are kept; the arithmetic is fp32. Nothing of the tensor's
// size is allocated. adamw_tensors.h is the slow reference, of tensor operations: equal bits.
#pragma once

#include <cstdint>

#include "numerics/parallel.h"
#include "spec/run_spec.h"
#include "trainer/optimizer/bf16_rounding.h"
#include "trainer/optimizer/state_codec.h"

namespace fp4::trainer {

// What one update of one tensor multiplies by.
struct AdamWFactors {
  float kept;               // 1 - learning rate x weight decay
  float beta1, beta2;       //
  float rest1, rest2;       // 1 - beta
  float step_size;          // learning rate / (1 - beta1^t)
  float second_correction;  // sqrt(1 - beta2^t)
  float eps;
};
AdamWFactors FactorsOf(const spec::OptimizerSpec& spec, double learning_rate, double weight_decay,
                       int64_t updates);

struct FloatArray {
  enum class Type : uint8_t { kFp32, kBf16 };
  void* data = nullptr;
  Type type = Type::kFp32;
};

struct MomentArray {
  const StateCodec* codec = nullptr;  // null: fp32
  void* values = nullptr;             // floats, or the codes
  float* scales = nullptr;            // one for each block
};

// A tensor of `size` elements; where a codec is given, a whole number of its blocks.
struct AdamWTensor {
  int64_t size = 0;
  FloatArray master = {}, gradient = {};
  MomentArray first = {}, second = {};
  RoundingStream rounding = {};  // of a bf16 master
};

// In this order: decay, decode, update m and v, step with these m and v, encode them, round the
// master. Does not depend on how `parallel_for` cuts.
void UpdateAdamW(const AdamWFactors& factors, const AdamWTensor& tensor,
                 const numerics::ParallelFor& parallel_for);

}  // namespace fp4::trainer
