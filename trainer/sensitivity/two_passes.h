// One micro-batch computed forward and backward twice, with its own targets and with drawn ones,
// and what layers saw of it: the material of scores and of advice.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "trainer/model/model.h"
#include "trainer/precision/layer_observer.h"

namespace fp4::trainer {

// Of one layer Y = X W^T.
struct HeldLayer {
  at::Tensor input, operand;  // X (rows, in), and what fprop made of it
  // dY (rows, out) of the two passes, in pieces of rows in their order; empty where no gradient
  // reaches the layer.
  std::vector<at::Tensor> gradients, sampled_gradients;
};

// Holds X and dY of the layers that it is told to.
class TwoPassObserver : public LayerObserver {
 public:
  explicit TwoPassObserver(std::span<const std::string> layers);

  // From now on gradients are those of drawn targets.
  void BeginSampled() { sampled_ = true; }

  void Saw(const std::string& /*layer*/, LayerTensor /*which*/,
           const at::Tensor& /*values*/) override {}
  void SawOperand(const std::string& layer, LayerTensor which, const OperandQuantizer& quantizer,
                  const at::Tensor& values, const at::Tensor& operand) override;
  void SawGradient(const std::string& layer, const at::Tensor& dy) override;

  const HeldLayer& held(const std::string& layer) const { return held_.at(layer); }

 private:
  std::map<std::string, HeldLayer> held_;
  bool sampled_ = false;
};

// What is computed; all of it outlives the call.
struct ComputedParts {
  Model& model;
  const ParameterSet& parameters;
  StepContext& context;
};

// Gradients that the observer gets are those of loss_scale x (mean loss over the `targets` of the
// batch). `draw`: names the random numbers of the drawn targets. The masters have no gradients
// before and after. An ExactBackward should live.
void ComputeTwice(const ComputedParts& parts, const Batch& batch, int64_t targets,
                  double loss_scale, uint64_t draw, TwoPassObserver& observer);

}  // namespace fp4::trainer
