#include "trainer/sensitivity/record_terms.h"

namespace fp4::trainer {
namespace {

// The sum over the rows of each record. (rows, out) x 2 → (records) fp64.
at::Tensor RecordProducts(const at::Tensor& gradient, const at::Tensor& change, int64_t records) {
  return (gradient * change).sum(1, /*keepdim=*/false, at::kDouble).view({records, -1}).sum(1);
}

}  // namespace

RecordTerms ExpandedTerms(const at::Tensor& gradient, const at::Tensor& sampled_gradient,
                          const at::Tensor& change, int64_t records, int64_t targets) {
  const double second_scale = 0.5 * static_cast<double>(targets * records);
  return {RecordProducts(gradient, change, records) * records,
          RecordProducts(sampled_gradient, change, records).square() * second_scale};
}

RecordTerms FollowedTerms(const at::Tensor& logits, const at::Tensor& changed,
                          const at::Tensor& classes, int64_t records) {
  const at::Tensor change = changed.to(at::kDouble) - logits.to(at::kDouble);
  const at::Tensor log_p = at::log_softmax(logits.to(at::kDouble), 1);
  const at::Tensor p = log_p.exp();
  const at::Tensor of_targets = change.gather(1, classes.view({-1, 1})).squeeze(1);
  const at::Tensor first = (p * change).sum(1) - of_targets;
  const at::Tensor second =
      (p * (log_p - at::log_softmax(changed.to(at::kDouble), 1))).sum(1).clamp_min(0);
  return {first.view({records, -1}).mean(1), second.view({records, -1}).mean(1)};
}

}  // namespace fp4::trainer
