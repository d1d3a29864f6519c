#pragma once

#include "trainer/model/model.h"
#include "trainer/precision/linear.h"

namespace fp4::trainer {

// The head and its cross-entropy, at the rows of `hidden` (tokens, C) in the compute type against
// `targets` (tokens), int64. Works through the rows in pieces, so that the logits exist once, piece
// by piece, and turn into their own gradient in place; a head that takes rows whole has one piece.
LossSums HeadLoss(Linear& head, const at::Tensor& hidden, const at::Tensor& targets);

struct HeadGradient {
  LossSums sums;
  at::Tensor hidden;  // d(scale x loss)/d(hidden), the shape and type of `hidden`
};

// The same with the gradient of scale x loss: that of `hidden` is returned, that of the head's
// master added to its grad().
HeadGradient HeadLossAndGradient(Linear& head, const at::Tensor& hidden, const at::Tensor& targets,
                                 double scale);

// Targets (tokens), int64, drawn from the head's softmax at the rows of `hidden`: row i by the i-th
// number of `uniform` (tokens), fp32 in [0, 1).
at::Tensor SampleHeadTargets(Linear& head, const at::Tensor& hidden, const at::Tensor& uniform);

}  // namespace fp4::trainer
