#pragma once

#include "spec/run_spec.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// The activation function, element by element; of swiglu: that of its gate. Recorded for autograd.
at::Tensor Activate(spec::Activation activation, const at::Tensor& x);

}  // namespace fp4::trainer
