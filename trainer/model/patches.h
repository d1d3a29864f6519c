// A convolution as a GEMM: the patches of an image that its kernel sees, as rows of a matrix.
// Images lie with their channels last, (B, H, W, C), as a GEMM over rows of pixels leaves them.
#pragma once

#include "trainer/torch.h"

namespace fp4::trainer {

// x (B, H, W, C) → (B H W, C k k): row (b, y, x) is the k x k patch around that pixel, zeros beyond
// the border, its elements in the order of PyTorch's unfold: channel, row, column. `kernel` is odd.
// Any type; not recorded.
at::Tensor Unfold(const at::Tensor& x, int64_t kernel);

// The adjoint of Unfold: adds up what the patches say of each pixel, in a fixed order. `sizes` are
// those of x.
at::Tensor Fold(const at::Tensor& patches, at::IntArrayRef sizes, int64_t kernel);

}  // namespace fp4::trainer
