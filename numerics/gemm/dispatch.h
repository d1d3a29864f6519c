// Which kernels of numerics/gemm/kernel.h this machine runs.
#pragma once

#include "numerics/gemm/gemm.h"
#include "numerics/gemm/kernel.h"

namespace fp4::numerics::cpu {

// Null where GemmPathAvailable says no.
const GemmKernels* FindGemmKernels(GemmPath path);

// The whole product by these kernels; both operands have passed the checks.
void MultiplyWith(const GemmKernels& kernels, const PackedActivations& x, const PackedWeights& w,
                  std::span<float> y, const ParallelFor& parallel);

}  // namespace fp4::numerics::cpu
