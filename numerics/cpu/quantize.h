// The fast CPU path: Highway, dispatched at run time, spread by the caller's ParallelFor. Byte for
// byte the definition in numerics/format.h, whatever the instruction set and the number of threads.
//
// Every function may be called from any number of threads at once, each with outputs of its own. It
// returns when the work is done; `parallel` is called from the calling thread only. A thread keeps
// some scratch memory of a few units' size from call to call.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "numerics/format.h"
#include "numerics/parallel.h"

namespace fp4::numerics::cpu {

// `values` (rows, columns) row-major; `quantized` takes the storage, whose vectors are reused when
// they have the right size. INVALID_ARGUMENT: what Format::Check says, or a number of values that
// is not the shape's; nothing has been written then.
absl::Status Encode(const Format& format, std::span<const float> values, MatrixShape shape,
                    const QuantizeOptions& options, Quantized& quantized,
                    const ParallelFor& parallel);

// The values that `quantized` stands for, rotation and prescaling undone: shape.size() of them. The
// options are those of its encoding. INVALID_ARGUMENT as above.
absl::Status Decode(const Format& format, const Quantized& quantized,
                    const QuantizeOptions& options, std::span<float> values,
                    const ParallelFor& parallel);

// decoded = Decode(Encode(values)) in one pass, without storing codes. `decoded` may be `values`,
// but must not overlap them otherwise. INVALID_ARGUMENT as above.
absl::Status QuantizeDequantize(const Format& format, std::span<const float> values,
                                MatrixShape shape, const QuantizeOptions& options,
                                std::span<float> decoded, const ParallelFor& parallel);

// One tensor of a call that quantizes many. Nothing is owned.
struct QuantizeJob {
  const Format* format = nullptr;
  QuantizeOptions options;
  MatrixShape shape;
  std::span<const float> values;  // of shape.size() elements
  std::span<float> decoded;       // the same number; may be `values`
};

// QuantizeDequantize of each job, in any order: outputs must not overlap other jobs' inputs or
// outputs. Small tensors are spread over the threads whole, so that a model's many small weights
// cost no more than one large one. INVALID_ARGUMENT names the job by its index; nothing has been
// written then.
absl::Status QuantizeDequantizeMany(std::span<const QuantizeJob> jobs, const ParallelFor& parallel);

// The instruction set that this machine runs: "AVX3_ZEN4", "AVX2", …
std::string_view InstructionSet();

}  // namespace fp4::numerics::cpu
