// What a run trains. A model is a file of this folder, which registers it under the name of its
// kind; its tensors are those that spec/ lists for the kind.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/backend/backend.h"
#include "trainer/model/parameters.h"
#include "trainer/precision/layer.h"
#include "trainer/precision/linear.h"
#include "trainer/step_context.h"

namespace fp4::trainer {

// Records of one micro-batch as a task makes them and its model takes them, on the device. The
// first dimension counts records.
struct Batch {
  // Language: both (B, T) token ids, int64. Images: (B, channels, height, width) fp32 and (B)
  // classes, int64. Vectors: both (B, width) fp32, the same.
  at::Tensor inputs, targets;
};

// Sums over a batch's targets; the tensors are scalars on the device, so that reading them can
// wait.
struct LossSums {
  at::Tensor loss;  // fp64: cross-entropies in nats; of vectors squared errors
  at::Tensor
      correct;  // int64: targets that had the largest logit, 0 without logits; evaluation only
};

// Not thread-safe. What a model is made from outlives it.
class Model {
 public:
  virtual ~Model() = default;

  // Forward and backward of one micro-batch. Adds the gradients of scale x (sum of the targets'
  // losses) to the masters' and returns the sum.
  virtual LossSums ForwardBackward(const Batch& batch, double scale) = 0;

  // Forward alone.
  virtual LossSums Evaluate(const Batch& batch) = 0;

  // Targets for `batch.inputs` drawn from what the model itself predicts, the distribution whose
  // negative logarithm is the loss: gradients of such targets have the Gauss-Newton matrix of the
  // loss as their covariance. By Philox(key, element, counter).
  virtual at::Tensor SampleTargets(const Batch& batch, uint64_t key, uint64_t counter) = 0;

  // Whether a changed output of one layer can be followed to the logits at a small cost: a model of
  // few layers.
  virtual bool follows_changes() const { return false; }

  // The logits (targets, classes) fp32 of a batch if `output` (rows, out) fp32 were what the layer
  // gives for it; all that stands behind the layer is computed. Of a model that follows changes.
  virtual at::Tensor LogitsBehind(const std::string& /*layer*/, const at::Tensor& /*output*/) {
    TORCH_CHECK(false, "this model follows no changes");
  }

  // The layers that a rule of the document can name, in the model's order.
  const std::vector<QuantizedLayer*>& layers() const { return layers_; }

  // How the layers compute now, a row for each of layers().
  const std::vector<spec::LayerPrecision>& table() const { return table_; }

  // From now on every layer computes as its row of `table` says; gives the layers for which that is
  // a change. The others are left alone, to the bit.
  std::vector<QuantizedLayer*> Use(const std::vector<spec::LayerPrecision>& table);

  // After the masters have changed: quantizes the weights anew, once for all that follows.
  void Refresh();

  // When the gradients of a step are complete, before their norm is taken.
  void FinishGradients();

  // Switches context.training, and with it the weights where they round stochastically.
  void SetTraining(bool training);

 protected:
  Model(StepContext& context, Backend& backend) : context_(context), backend_(backend) {}

  // To be called at the end of construction: takes the layers, which were made by `table`, and
  // makes their weights.
  void SetLayers(std::vector<QuantizedLayer*> layers,
                 const std::vector<spec::LayerPrecision>& table);

  StepContext& context() { return context_; }

 private:
  StepContext& context_;
  Backend& backend_;
  std::vector<QuantizedLayer*> layers_;
  std::vector<spec::LayerPrecision> table_;  // by layer
  bool stochastic_weights_ = false;
};

// What every model is made from; all of it outlives the model.
struct ModelParts {
  const spec::RunSpec& run;
  const ParameterSet& parameters;
  at::ScalarType compute_type;
  StepContext& context;
  Backend& backend;

  // The row of the resolved table, which there must be.
  const spec::LayerPrecision& Precision(const std::string& layer) const;
  // For linear layers.
  Linear::EstimatorFactory Estimators() const;
};

// The linear layer of that name, whose weight is the parameter <name>.weight.
std::unique_ptr<Linear> MakeLinear(const std::string& name, const ModelParts& parts);

using MakeModelFunction = std::unique_ptr<Model> (*)(const ModelParts& parts);

// A static object of this type at the end of a model's file makes it known as `kind`, a name of
// spec/model_kinds.h, which outlives the program.
struct ModelRegistration {
  ModelRegistration(std::string_view kind, MakeModelFunction make);
};

template <typename Type>
std::unique_ptr<Model> MakeModelOf(const ModelParts& parts) {
  return std::make_unique<Type>(parts);
}

// The model of the kind that the document names.
std::unique_ptr<Model> MakeModel(const ModelParts& parts);

}  // namespace fp4::trainer
