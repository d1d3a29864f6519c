#include "trainer/model/activation.h"

namespace fp4::trainer {

at::Tensor Activate(spec::Activation activation, const at::Tensor& x) {
  switch (activation) {
    case spec::Activation::kSilu:
    case spec::Activation::kSwiglu:
      return at::silu(x);
    case spec::Activation::kGelu:
      return at::gelu(x);
    case spec::Activation::kRelu2:
      return at::relu(x).square();
  }
  TORCH_CHECK(false, "unknown activation");
}

}  // namespace fp4::trainer
