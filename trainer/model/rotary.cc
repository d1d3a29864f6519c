#include "trainer/model/rotary.h"

#include <cmath>

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kBase = 10000.0;

// (B, T, 3C) seen as (3, B, H, T, D).
at::Tensor HeadsView(const at::Tensor& qkv, int64_t num_heads) {
  int64_t head_dim = qkv.size(2) / 3 / num_heads;
  return qkv.view({qkv.size(0), qkv.size(1), 3, num_heads, head_dim}).permute({2, 0, 3, 1, 4});
}

// `to` = `from` turned by the angles times `direction` (1 or -1). (..., H, T, D) both.
void Rotate(const at::Tensor& from, const at::Tensor& to, const at::Tensor& cosines,
            const at::Tensor& sines, double direction) {
  int64_t half = from.size(-1) / 2;
  at::Tensor a = from.narrow(-1, 0, half).to(at::kFloat),
             b = from.narrow(-1, half, half).to(at::kFloat);
  at::Tensor to_a = to.narrow(-1, 0, half), to_b = to.narrow(-1, half, half);
  if (to.scalar_type() == at::kFloat) {
    at::mul_out(to_a, a, cosines).addcmul_(b, sines, direction);
    at::mul_out(to_b, b, cosines).addcmul_(a, sines, -direction);
  } else {
    to_a.copy_((a * cosines).addcmul_(b, sines, direction));
    to_b.copy_((b * cosines).addcmul_(a, sines, -direction));
  }
}

class SplitHeadsFunction : public torch::autograd::Function<SplitHeadsFunction> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& qkv, int64_t num_heads,
                               const at::Tensor& cosines, const at::Tensor& sines) {
    context->saved_data["num_heads"] = num_heads;
    context->saved_data["cosines"] = cosines;
    context->saved_data["sines"] = sines;
    at::Tensor from = HeadsView(qkv, num_heads);
    at::Tensor to = at::empty(from.sizes(), qkv.options());
    if (cosines.numel() > 0) {
      Rotate(from.narrow(0, 0, 2), to.narrow(0, 0, 2), cosines, sines, 1);
      to[2].copy_(from[2]);
    } else {
      to.copy_(from);
    }
    return {to[0], to[1], to[2]};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    int64_t num_heads = context->saved_data["num_heads"].toInt();
    at::Tensor cosines = context->saved_data["cosines"].toTensor();
    at::Tensor sines = context->saved_data["sines"].toTensor();
    const at::Tensor& dq = gradients[0];  // (B, H, T, D)
    at::Tensor dqkv = at::empty({dq.size(0), dq.size(2), 3 * num_heads * dq.size(3)}, dq.options());
    at::Tensor to = HeadsView(dqkv, num_heads);
    for (int64_t i = 0; i < 3; ++i) {
      if (i < 2 && cosines.numel() > 0) {
        Rotate(gradients[i], to[i], cosines, sines, -1);
      } else {
        to[i].copy_(gradients[i]);
      }
    }
    return {dqkv, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::vector<double> RotaryFrequencyTable(spec::RotaryFrequencies kind, int64_t head_dim) {
  std::vector<double> frequencies(head_dim / 2, 0.0);
  switch (kind) {
    case spec::RotaryFrequencies::kFull:
      for (int64_t i = 0; i < head_dim / 2; ++i) {
        frequencies[i] =
            std::pow(kBase, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
      }
      break;
    case spec::RotaryFrequencies::kHalfTruncated:
      TORCH_CHECK(head_dim % 4 == 0 && head_dim >= 8,
                  "half-truncated rotary frequencies need a head_dim that 4 divides, >= 8");
      for (int64_t i = 0; i < head_dim / 4; ++i) {
        frequencies[i] =
            std::pow(kBase, -static_cast<double>(i) / static_cast<double>(head_dim / 4 - 1));
      }
      break;
  }
  return frequencies;
}

RotaryTable MakeRotaryTable(const spec::ModelSpec& model, at::Device device) {
  if (model.rotary_axis == spec::RotaryAxis::kNone) {
    at::Tensor none = at::empty({0}, at::TensorOptions(device).dtype(at::kFloat));
    return {none, none};
  }
  const bool along_heads = model.rotary_axis == spec::RotaryAxis::kHeads;
  const int64_t head_dim = model.d_model / model.num_heads;
  std::vector<double> frequencies = RotaryFrequencyTable(model.rotary_frequencies, head_dim);
  at::Tensor positions =
      at::arange(along_heads ? model.num_heads : model.sequence_length, at::kDouble);
  at::Tensor angles = at::outer(positions, at::tensor(frequencies, at::kDouble));
  if (along_heads) angles = angles.unsqueeze(1);
  return {angles.cos().to(at::kFloat).to(device), angles.sin().to(at::kFloat).to(device)};
}

std::vector<at::Tensor> SplitHeads(const at::Tensor& qkv, int64_t num_heads,
                                   const RotaryTable& table) {
  return SplitHeadsFunction::apply(qkv, num_heads, table.cosines, table.sines);
}

}  // namespace fp4::trainer
