// What a changed output of a layer does to the loss, record by record.
//
// Two ways. Expanded at the layer's output, by the gradients there: first order, and the
// Gauss-Newton second order from drawn targets; it costs no more than a product of the two. Or
// followed to the logits z: with p = softmax(z) and p' that of the changed logits z',
//   loss' - loss = <p - onehot(target), z' - z> + KL(p || p')
// holds exactly, the second of which is what the model itself expects of the change and has no
// noise of targets.
#pragma once

#include "trainer/torch.h"

namespace fp4::trainer {

// (records) fp64, scaled so that the mean over records is the term.
struct RecordTerms {
  at::Tensor first, second;
};

// `gradient` (rows, out) fp32 of the mean loss over the `targets` of the batch, `sampled_gradient`
// the same for drawn targets, `change` of the output.
RecordTerms ExpandedTerms(const at::Tensor& gradient, const at::Tensor& sampled_gradient,
                          const at::Tensor& change, int64_t records, int64_t targets);

// `logits` and `changed` (targets, classes) fp32; `classes` (targets) int64, those of a record
// together.
RecordTerms FollowedTerms(const at::Tensor& logits, const at::Tensor& changed,
                          const at::Tensor& classes, int64_t records);

}  // namespace fp4::trainer
