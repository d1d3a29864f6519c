// Which kernels of numerics/cpu/gemm_kernel.h this machine runs.
#pragma once

#include "numerics/cpu/gemm_kernel.h"
#include "numerics/gemm.h"

namespace fp4::numerics::cpu {

// Null where GemmPathAvailable says no.
const GemmKernels* FindGemmKernels(GemmPath path);

// The whole product by these kernels; both operands have passed the checks.
void MultiplyWith(const GemmKernels& kernels, const PackedActivations& x, const PackedWeights& w,
                  std::span<float> y, const ParallelFor& parallel);

}  // namespace fp4::numerics::cpu
