#include "trainer/random_tensors.h"

#include <numbers>

#include "trainer/random.h"

namespace fp4::trainer {

at::Tensor UniformTensor(int64_t count, uint64_t key, uint64_t counter) {
  at::Tensor values = at::empty({count}, at::kFloat);
  FillUniform({values.mutable_data_ptr<float>(), static_cast<size_t>(count)}, key, counter);
  return values.add_(1).mul_(0.5).clamp_max_(1.0F - 0x1p-24F);
}

at::Tensor NormalTensor(int64_t count, uint64_t key, uint64_t counter) {
  const at::Tensor uniform = UniformTensor(2 * count, key, counter).view({2, count});
  const at::Tensor radius = uniform[0].neg().log1p_().mul_(-2).sqrt_();
  return radius * at::cos(uniform[1] * (2 * std::numbers::pi));
}

}  // namespace fp4::trainer
