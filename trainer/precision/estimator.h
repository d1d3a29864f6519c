// How a weight that is quantized learns: which values its GEMMs see while it trains, and how the
// gradient with respect to them becomes the master's. An estimator is a file of this folder and a
// row of the table in make_estimator.cc; the straight-through one needs neither.
#pragma once

#include <memory>

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/model/parameters.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Of one layer. Not thread-safe.
class WeightEstimator {
 public:
  virtual ~WeightEstimator() = default;

  // Writes the weight as fprop and dgrad see it, of the master's shape, and returns true; false:
  // the weight's own quantizer makes it. Called when the master has changed; in evaluation
  // (context.training is false) nothing in it is random.
  virtual bool MakeWeight(const at::Tensor& master, at::Tensor& weight) = 0;

  // Turns the gradient with respect to the weight, summed over the micro-batches of a step, into
  // the master's, in place; gives the estimator's own parameters theirs. Called once a step, before
  // the norm of the gradients is taken.
  virtual void FinishGradient(const at::Tensor& master, at::Tensor& gradient) = 0;
};

// What an estimator is made from; all of it outlives it.
struct EstimatorParts {
  const spec::LayerPrecision& precision;
  const ParameterSet& parameters;  // with the layer's learned scale, where it has one
  const StepContext& context;
};

// Null for those that pass the gradient on as it is, and for none.
std::unique_ptr<WeightEstimator> MakeEstimator(const EstimatorParts& parts);

// The learned scale of a layer as it begins, a tensor of one value; undefined: the estimator has
// none. `master`: the initial weight.
at::Tensor InitialScale(const spec::LayerPrecision& precision, const at::Tensor& master);

// "blocks.0.mlp.up.weight_scale"
std::string ScaleName(const std::string& layer);

// Adds the scales that the run's layers learn at any time to the parameters, which have the values
// that training begins with.
void AddLearnedScales(const spec::RunSpec& run, ParameterSet& parameters);

}  // namespace fp4::trainer
