#pragma once

#include "trainer/precision/linear.h"

namespace fp4::trainer {

// A convolution, kernel x kernel, stride 1, zeros beyond the border, no bias: a Linear over the
// unfolded patches, so that its precision is that of any linear layer. Backward keeps x and unfolds
// it again: the patches, kernel^2 times as large, live no longer than their GEMM.
// Not thread-safe. Outlives every graph that Forward has recorded.
class Convolution {
 public:
  // `linear` takes rows of patches, (out, in kernel kernel).
  Convolution(std::unique_ptr<Linear> linear, int64_t kernel)
      : linear_(std::move(linear)), kernel_(kernel) {}

  // x (B, H, W, in) → (B, H, W, out), both in the compute type. Recorded for autograd.
  at::Tensor Forward(const at::Tensor& x);

  Linear& linear() { return *linear_; }
  int64_t kernel() const { return kernel_; }

 private:
  const std::unique_ptr<Linear> linear_;
  const int64_t kernel_;
};

}  // namespace fp4::trainer
