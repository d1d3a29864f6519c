// New values into masters of either type, on any device.
#pragma once

#include "trainer/optimizer/bf16_rounding.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// Writes `values` (fp32, of the master's shape) into an fp32 master as they are, into a bf16 master
// rounded stochastically. Elements `first` … of the master, flat, where `values` has fewer;
// `first` is a multiple of 8.
void StoreMaster(const at::Tensor& values, const RoundingStream& rounding, int64_t first,
                 const at::Tensor& master);

// The same rounding by tensor operations: for GPUs, and the slow reference on CPUs.
at::Tensor RoundToBf16ByTensors(const at::Tensor& values, int64_t first,
                                const RoundingStream& rounding);

}  // namespace fp4::trainer
