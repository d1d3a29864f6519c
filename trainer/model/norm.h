#pragma once

#include "spec/run_spec.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// RMSNorm (Zhang & Sennrich, arXiv 1910.07467) or LayerNorm without bias, over the last dimension;
// statistics in fp32.
class NormLayer {
 public:
  NormLayer(spec::Norm kind, double epsilon, at::Tensor weight, at::ScalarType output_type);
  at::Tensor Forward(const at::Tensor& input) const;  // any type → output type

 private:
  const spec::Norm kind_;
  const double epsilon_;
  const at::Tensor weight_;
  const at::ScalarType output_type_;
};

}  // namespace fp4::trainer
