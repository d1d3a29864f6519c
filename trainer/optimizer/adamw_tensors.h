#pragma once

#include "trainer/optimizer/adamw_kernel.h"
#include "trainer/optimizer/moments.h"

namespace fp4::trainer {

// The update of adamw_kernel.h by tensor operations, on any device: its slow reference on CPUs, bit
// for bit, and what runs on GPUs. Works through the tensor in pieces, so that its temporaries are
// those of a piece.
void UpdateAdamWByTensors(const AdamWFactors& factors, const at::Tensor& master,
                          const at::Tensor& gradient, const RoundingStream& rounding,
                          StoredMoment& first, StoredMoment& second);

}  // namespace fp4::trainer
