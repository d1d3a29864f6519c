#include "spec/budget/training_memory.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "spec/layers.h"
#include "spec/model_kinds.h"
#include "spec/optimizer_tensors.h"

namespace fp4::spec {
namespace {

int64_t BytesOf(StoredDtype type) { return type == StoredDtype::kBf16 ? 2 : 4; }

// The type of the compute type's values, where masters can be of it too.
bool MasterIsOfComputeType(const RunSpec& run) {
  const bool bf16_masters = run.optimizer.masters == StoredDtype::kBf16;
  return run.training.compute_dtype == (bf16_masters ? ComputeDtype::kBf16 : ComputeDtype::kFp32);
}

// Signs that are drawn anew for each micro-batch leave nothing to be packed.
bool DrawsSigns(const OperandPrecision& operand) {
  return operand.options.hadamard > 0 &&
         operand.options.signs.pattern == numerics::RotationSigns::Pattern::kRandom;
}

int64_t HeldOperandBytes(const OperandPrecision& operand, const LayerPrecision& layer,
                         const RunSpec& run) {
  const int64_t weights = layer.out_features * layer.in_features;
  const bool from_quantizer = layer.estimator != Estimator::kQuest && !LearnsScale(layer.estimator);
  const bool packed = run.packed_weights && from_quantizer && !DrawsSigns(operand);
  if (!packed) return weights * BytesOf(run.training.compute_dtype);
  const double bits = numerics::FindFormat(operand.format)
                          ->BitsPerValue(operand.options, {layer.out_features, layer.in_features});
  return static_cast<int64_t>(std::ceil(bits * static_cast<double>(weights) / 8));
}

int64_t OptimizerStateBytes(const RunSpec& run, const TensorInfo& tensor) {
  const int64_t elements = tensor.num_elements();
  if (UpdatedByMuon(run.optimizer, tensor)) return 4 * elements;
  const OptimizerStates states = StatesOf(run.optimizer, tensor);
  const int64_t block = StateBlock(states);
  if (block == 0) return 8 * elements;
  const int64_t codes = states == OptimizerStates::k4Bit ? elements / 2 : elements;
  return 2 * (codes + 4 * elements / block);
}

bool HasGradient(const RunSpec& run, const TensorInfo& tensor) {
  const auto layer = std::ranges::find(run.layers, tensor.layer(), &LayerPrecision::layer);
  return layer == run.layers.end() || layer->estimator != Estimator::kNone;
}

}  // namespace

int64_t BytesOf(ComputeDtype type) {
  return type == ComputeDtype::kBf16 || type == ComputeDtype::kFp16 ? 2 : 4;
}

int64_t HeldWeightBytes(const LayerPrecision& layer, const RunSpec& run) {
  if (layer.is_lookup)
    return layer.weight().quantized() ? 4 * layer.out_features * layer.in_features : 0;
  int64_t bytes = 0;
  if (layer.weight().quantized()) {
    bytes = HeldOperandBytes(layer.weight(), layer, run);
  } else if (!MasterIsOfComputeType(run)) {
    bytes = layer.out_features * layer.in_features * BytesOf(run.training.compute_dtype);
  }
  const GemmPrecision& dgrad = layer.gemm(Gemm::kDgrad);
  const bool own = !(dgrad.b_as_in_fprop && dgrad.b == layer.weight()) && !dgrad.b.from_forward;
  if (own && dgrad.b.quantized() && !DrawsSigns(dgrad.b))
    bytes += HeldOperandBytes(dgrad.b, layer, run);
  return bytes;
}

std::string WhyMemoryIsUnknown(const RunSpec& run) {
  if (run.training.compute_dtype == ComputeDtype::kAuto) {
    return "how much is held depends on training.compute_dtype, which has to be given; 'auto' is "
           "another type on another machine";
  }
  if (run.model.dropout > 0) return "masks of model.dropout are not counted; set it to 0";
  if (!run.attention.empty())
    return "what rounded scores and probabilities of attention hold is not counted; leave their "
           "rules out";
  return "";
}

TrainingMemory ComputeTrainingMemory(const RunSpec& run) {
  TrainingMemory memory;
  for (const TensorInfo& tensor : ModelTensors(run.model)) {
    if (!tensor.shares.empty()) continue;
    const int64_t elements = tensor.num_elements();
    memory.masters += BytesOf(run.optimizer.masters) * elements;
    if (HasGradient(run, tensor)) memory.gradients += BytesOf(run.optimizer.gradients) * elements;
    memory.optimizer_state += OptimizerStateBytes(run, tensor);
  }
  for (const LayerPrecision& layer : run.layers) memory.weights += HeldWeightBytes(layer, run);
  memory.activations = KindOf(run.model).activation_bytes(run);
  return memory;
}

}  // namespace fp4::spec
