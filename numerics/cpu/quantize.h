// The fast CPU path: Highway, dispatched at run time, spread by the caller's ParallelFor. Byte for
// byte the definition in numerics/format.h, whatever the instruction set and the number of threads.
#pragma once

#include <span>

#include "absl/status/status.h"
#include "numerics/format.h"
#include "numerics/parallel.h"

namespace fp4::numerics::cpu {

// `quantized` takes the storage; its vectors are reused when they have the right size.
// INVALID_ARGUMENT: what Format::Check says.
absl::Status Encode(const Format& format, std::span<const float> values, MatrixShape shape,
                    const QuantizeOptions& options, Quantized& quantized,
                    const ParallelFor& parallel);
absl::Status Decode(const Format& format, const Quantized& quantized,
                    const QuantizeOptions& options, std::span<float> values,
                    const ParallelFor& parallel);

// decoded = Decode(Encode(values)) in one pass, without storing codes. `decoded` may be `values`.
absl::Status QuantizeDequantize(const Format& format, std::span<const float> values,
                                MatrixShape shape, const QuantizeOptions& options,
                                std::span<float> decoded, const ParallelFor& parallel);

// The instruction set that this machine runs: "AVX3_ZEN4", "AVX2", …
std::string_view InstructionSet();

}  // namespace fp4::numerics::cpu
