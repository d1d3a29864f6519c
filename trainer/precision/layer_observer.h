// Who looks at the tensors of layers while a micro-batch is computed: for statistics, and to find
// where a number first was not finite. Layers show what they have; nothing is computed for it, and
// no random number is drawn.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/torch.h"

namespace fp4::trainer {

class OperandQuantizer;

// The tensors of a layer Y = X W^T and of its backward pass, matrices of one row a token, patch or
// record.
enum class LayerTensor : uint8_t {
  kInput,           // X (rows, in)
  kWeight,          // W (out, in), as fprop uses it
  kOutput,          // Y (rows, out)
  kOutputGradient,  // dY (rows, out)
  kInputGradient,   // dX (rows, in)
  kWeightGradient,  // dW (out, in) of one micro-batch
};

// Called in the order of the computation, and again where something is computed again. A layer that
// works through its rows in pieces shows each piece. Tensors are only valid during the call.
class LayerObserver {
 public:
  virtual ~LayerObserver() = default;

  virtual void Saw(const std::string& layer, LayerTensor which, const at::Tensor& values) = 0;

  // An operand of a GEMM as `quantizer` made it of `values`; the blocks run along the columns of
  // both.
  virtual void SawOperand(const std::string& layer, LayerTensor which,
                          const OperandQuantizer& quantizer, const at::Tensor& values,
                          const at::Tensor& operand) = 0;

  // The gradient dY (rows, out) as it arrives at the layer, before any of its GEMMs.
  virtual void SawGradient(const std::string& /*layer*/, const at::Tensor& /*dy*/) {}
};

}  // namespace fp4::trainer
