// What other precisions of single layers would change of their outputs, beside the gradients of the
// loss there: the material of every score of sensitivity.
#pragma once

#include <functional>
#include <vector>

#include "spec/run_spec.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

// One layer Y = X W^T under one candidate, at the rows of one micro-batch.
struct Perturbation {
  size_t layer = 0, candidate = 0;  // numbers in spec::Candidates::layers
  // (rows, out) fp32: Y under the candidate minus Y, or minus what Y were unquantized
  // (PerturbationParts::from_exact); weight_change likewise.
  at::Tensor change;
  at::Tensor gradient;  // (rows, out) fp32: d(mean loss)/dY
  // (rows, out) fp32: the same for targets that the model draws itself (Model::SampleTargets)
  at::Tensor sampled_gradient;
  at::Tensor input;          // X (rows, in), as it arrives
  at::Tensor weight_change;  // (out, in) fp32: the candidate's weight minus the layer's
  // Where the model follows a change to its end (Model::LogitsBehind), (targets, classes) fp32: as
  // they are, or with the layer unquantized, and with the change. Undefined elsewhere.
  at::Tensor logits, changed_logits;
  at::Tensor targets;  // of the batch
  const spec::LayerPrecision* row = nullptr;
  const at::Tensor* master = nullptr;  // (out, in)
};
using PerturbationVisitor = std::function<void(const Perturbation&)>;

// What one pass is made on; all of it outlives the pass.
struct PerturbationParts {
  const spec::Candidates& candidates;
  Model& model;
  const ParameterSet& parameters;
  StepContext& context;
  Backend& backend;
  at::ScalarType compute_type;
  // Changes are those from the layer without any quantization to the candidate, not from how the
  // layer is computed now.
  bool from_exact = false;
};

// Computes the batch forward and backward twice, with its own targets and with drawn ones, and
// calls `visit` for each candidate of each scored layer that a gradient reaches; a candidate that
// is computed as the layer is already has a change of zero. `targets`: of the batch together.
// `loss_scale` is taken out of the gradients again. `draw`: names the random numbers of the
// targets. The masters have no gradients before and after. An ExactBackward should live.
void VisitPerturbations(const PerturbationParts& parts, const Batch& batch, int64_t targets,
                        double loss_scale, uint64_t draw, const PerturbationVisitor& visit);

}  // namespace fp4::trainer
