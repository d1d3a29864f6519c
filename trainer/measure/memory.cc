#include "trainer/measure/memory.h"

#include <algorithm>
#include <set>

#include "base/metric_names.h"

namespace fp4::trainer {
namespace {

using Storages = std::set<const c10::StorageImpl*>;

std::vector<at::Tensor> Masters(const ParameterSet& parameters) {
  std::vector<at::Tensor> masters;
  for (const Parameter& parameter : parameters.all()) masters.push_back(parameter.master);
  return masters;
}

std::vector<at::Tensor> Gradients(const ParameterSet& parameters) {
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : parameters.all()) gradients.push_back(parameter.master.grad());
  return gradients;
}

std::vector<at::Tensor> OptimizerState(const std::vector<std::unique_ptr<Optimizer>>& optimizers) {
  std::vector<at::Tensor> all;
  for (const auto& optimizer : optimizers) {
    const std::vector<at::Tensor> state = optimizer->StateTensors();
    all.insert(all.end(), state.begin(), state.end());
  }
  return all;
}

std::vector<at::Tensor> KeptWeights(const Model& model) {
  std::vector<at::Tensor> all;
  for (const QuantizedLayer* layer : model.layers()) {
    const std::vector<at::Tensor> kept = layer->KeptWeights();
    all.insert(all.end(), kept.begin(), kept.end());
  }
  return all;
}

int64_t PackedWeightBytes(const Model& model) {
  int64_t bytes = 0;
  for (const QuantizedLayer* layer : model.layers()) bytes += layer->packed_weight_bytes();
  return bytes;
}

}  // namespace

int64_t StorageBytes(std::span<const at::Tensor> tensors, std::span<const at::Tensor> but_not) {
  Storages seen;
  for (const at::Tensor& tensor : but_not) {
    if (tensor.defined()) seen.insert(tensor.storage().unsafeGetStorageImpl());
  }
  int64_t bytes = 0;
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined() || !seen.insert(tensor.storage().unsafeGetStorageImpl()).second) continue;
    bytes += static_cast<int64_t>(tensor.storage().nbytes());
  }
  return bytes;
}

void MemoryMeter::KeepPeak() {
  peak_ = std::max(peak_, parts_.backend.tensor_peak_bytes());
  parts_.backend.ResetPeak();
}

void MemoryMeter::BeginStep() {
  KeepPeak();
  before_step_ = parts_.backend.tensor_bytes();
}

void MemoryMeter::GradientsComplete() {
  gradients_ = StorageBytes(Gradients(*parts_.parameters));
  const int64_t there_before = parts_.num_micro_batches > 1 ? gradients_ : 0;
  const int64_t more = parts_.backend.tensor_peak_bytes() - before_step_;
  activations_ = std::max<int64_t>(more - there_before, 0);
}

MetricValues MemoryMeter::Take() {
  KeepPeak();
  const int64_t allocated = parts_.backend.allocated_bytes();
  const int64_t peak = allocated - parts_.backend.tensor_bytes() + peak_;
  peak_ = 0;
  const std::vector<at::Tensor> masters = Masters(*parts_.parameters);
  const int64_t master_bytes = StorageBytes(masters);
  const int64_t optimizer_bytes = StorageBytes(OptimizerState(parts_.optimizers));
  const int64_t packed_bytes = PackedWeightBytes(*parts_.model);
  const int64_t decoded_bytes = StorageBytes(KeptWeights(*parts_.model), masters);
  const int64_t kept = master_bytes + optimizer_bytes + packed_bytes + decoded_bytes;
  MetricValues values;
  const auto tell = [&values](std::string_view name, int64_t bytes) {
    values.emplace_back(std::string(name), static_cast<double>(bytes));
  };
  tell(metric::kAllocatedBytes, allocated);
  tell(metric::kPeakBytes, peak);
  tell(metric::kActivationBytes, activations_);
  tell(metric::kOtherBytes, allocated - kept);
  const std::pair<std::string_view, int64_t> steady[] = {
      {metric::kMasterBytes, master_bytes},
      {metric::kGradientBytes, gradients_},
      {metric::kOptimizerBytes, optimizer_bytes},
      {metric::kQuantizedWeightBytes, packed_bytes},
      {metric::kDecodedWeightBytes, decoded_bytes},
      {metric::kStateBytes, kept + gradients_},
      {metric::kPackedWeightBytes, parts_.packed_weights_bytes}};
  for (const auto& [name, bytes] : steady) {
    auto [told, first] = told_.try_emplace(std::string(name), bytes);
    if (!first && told->second == bytes) continue;
    told->second = bytes;
    tell(name, bytes);
  }
  return values;
}

}  // namespace fp4::trainer
