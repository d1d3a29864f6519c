#include "trainer/model/rotary.h"

#include <cmath>

namespace fp4::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kBase = 10000.0;

// (B, T, (H + 2 KV) D) seen as q (B, H, T, D), k and v (B, KV, T, D).
std::vector<at::Tensor> HeadViews(const at::Tensor& qkv, HeadCounts heads) {
  const int64_t all = heads.queries + 2 * heads.keys;
  const at::Tensor view =
      qkv.view({qkv.size(0), qkv.size(1), all, qkv.size(2) / all}).transpose(1, 2);
  return {view.narrow(1, 0, heads.queries), view.narrow(1, heads.queries, heads.keys),
          view.narrow(1, heads.queries + heads.keys, heads.keys)};
}

// The angles of the first `count` heads, where they differ from head to head.
at::Tensor OfHeads(const at::Tensor& angles, int64_t count) {
  return angles.dim() == 3 ? angles.narrow(0, 0, count) : angles;
}

// `to` = `from` turned by the angles times `direction` (1 or -1). (..., H, T, D) both.
void Rotate(const at::Tensor& from, const at::Tensor& to, const at::Tensor& table_cosines,
            const at::Tensor& table_sines, double direction) {
  const at::Tensor cosines = OfHeads(table_cosines, from.size(-3)),
                   sines = OfHeads(table_sines, from.size(-3));
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

// q and k are turned by the angles times `direction`, v is copied.
void RotateQueriesAndKeys(const std::vector<at::Tensor>& from, const std::vector<at::Tensor>& to,
                          const at::Tensor& cosines, const at::Tensor& sines, double direction) {
  for (size_t i = 0; i < 3; ++i) {
    if (i < 2 && cosines.numel() > 0) {
      Rotate(from[i], to[i], cosines, sines, direction);
    } else {
      to[i].copy_(from[i]);
    }
  }
}

class SplitHeadsFunction : public torch::autograd::Function<SplitHeadsFunction> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& qkv, int64_t queries,
                               int64_t keys, const at::Tensor& cosines, const at::Tensor& sines) {
    context->saved_data["queries"] = queries;
    context->saved_data["keys"] = keys;
    context->saved_data["cosines"] = cosines;
    context->saved_data["sines"] = sines;
    const std::vector<at::Tensor> from = HeadViews(qkv, {queries, keys});
    std::vector<at::Tensor> to;
    for (const at::Tensor& part : from) to.push_back(at::empty(part.sizes(), qkv.options()));
    RotateQueriesAndKeys(from, to, cosines, sines, 1);
    return to;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const HeadCounts heads{context->saved_data["queries"].toInt(),
                           context->saved_data["keys"].toInt()};
    const at::Tensor& dq = gradients[0];  // (B, H, T, D)
    const at::Tensor dqkv = at::empty(
        {dq.size(0), dq.size(2), (heads.queries + 2 * heads.keys) * dq.size(3)}, dq.options());
    RotateQueriesAndKeys(gradients, HeadViews(dqkv, heads),
                         context->saved_data["cosines"].toTensor(),
                         context->saved_data["sines"].toTensor(), -1);
    return {dqkv, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
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
      for (int64_t i = 0, turning = head_dim / 4; i < turning; ++i) {
        frequencies[i] =
            std::pow(kBase, -static_cast<double>(i) / static_cast<double>(turning - 1));
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

std::vector<at::Tensor> SplitHeads(const at::Tensor& qkv, HeadCounts heads,
                                   const RotaryTable& table) {
  return SplitHeadsFunction::apply(qkv, heads.queries, heads.keys, table.cosines, table.sines);
}

}  // namespace fp4::trainer
