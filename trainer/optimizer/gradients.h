// All gradients of a model together: their norm, their clipping, their end.
#pragma once

#include "trainer/model/parameters.h"

namespace fp4::trainer {

// The gradients that there are, in the order of the parameters.
std::vector<at::Tensor> Gradients(const ParameterSet& parameters);

// The 2-norm of all gradients together, a scalar on the device, fp32 whatever the gradients are. 0
// where there is none.
at::Tensor GradientNorm(const ParameterSet& parameters);

// Multiplies the gradients by min(1, limit / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_.
void ClipGradients(const ParameterSet& parameters, double norm, double limit);

// Multiplies all gradients by fp32(1 / scale): what a scaled loss has made too large.
void UnscaleGradients(const ParameterSet& parameters, double scale);

// Whether every element of every gradient is finite.
bool GradientsAreFinite(const ParameterSet& parameters);

// Forgets the gradients, so that the next backward writes new ones.
void ClearGradients(const ParameterSet& parameters);

}  // namespace fp4::trainer
