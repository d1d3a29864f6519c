#include "trainer/model/patches.h"

namespace fp4::trainer {

at::Tensor Unfold(const at::Tensor& x, int64_t kernel) {
  const int64_t border = kernel / 2;
  const at::Tensor padded = at::constant_pad_nd(x, {0, 0, border, border, border, border});
  const at::Tensor patches =
      padded.unfold(1, kernel, 1).unfold(2, kernel, 1);  // (B, H, W, C, k, k)
  return patches.reshape({-1, x.size(3) * kernel * kernel});
}

at::Tensor Fold(const at::Tensor& patches, at::IntArrayRef sizes, int64_t kernel) {
  const int64_t border = kernel / 2, height = sizes[1], width = sizes[2];
  const at::Tensor by_pixel = patches.view({sizes[0], height, width, sizes[3], kernel, kernel});
  at::Tensor padded =
      at::zeros({sizes[0], height + 2 * border, width + 2 * border, sizes[3]}, patches.options());
  for (int64_t row = 0; row < kernel; ++row) {
    for (int64_t column = 0; column < kernel; ++column) {
      padded.narrow(1, row, height)
          .narrow(2, column, width)
          .add_(by_pixel.select(5, column).select(4, row));
    }
  }
  return padded.narrow(1, border, height).narrow(2, border, width);
}

}  // namespace fp4::trainer
