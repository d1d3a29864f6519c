#include "trainer/measure/evaluate.h"

#include <algorithm>
#include <cmath>

#include "base/metric_names.h"

namespace fp4::trainer {

namespace {

std::optional<ValidationSums> AddUp(Model& model, Task& task, int64_t micro_batch_size,
                                    const StopCheck& stop) {
  ValidationSums sums{.num_records = task.num_validation_records()};
  for (int64_t begin = 0; begin < sums.num_records; begin += micro_batch_size) {
    if (stop()) return std::nullopt;
    Batch batch = task.Validation(begin, std::min(micro_batch_size, sums.num_records - begin));
    LossSums batch_sums = model.Evaluate(batch);
    sums.loss += batch_sums.loss.item<double>();
    sums.correct += batch_sums.correct.item<int64_t>();
  }
  return sums;
}

}  // namespace

std::optional<MetricValues> Evaluate(Model& model, Task& task, int64_t micro_batch_size,
                                     const StopCheck& stop) {
  model.SetTraining(false);
  const std::optional<ValidationSums> sums = AddUp(model, task, micro_batch_size, stop);
  model.SetTraining(true);
  if (!sums) return std::nullopt;
  MetricValues values = task.ValidationMetrics(*sums);
  std::ranges::move(WeightErrors(model), std::back_inserter(values));
  return values;
}

MetricValues WeightErrors(const Model& model) {
  at::NoGradGuard no_grad;
  MetricValues values;
  for (const QuantizedLayer* layer : model.layers()) {
    if (!layer->weight_quantized()) continue;
    const at::Tensor master = layer->master().detach().to(at::kFloat);
    at::Tensor error = layer->weight().to(at::kFloat) - master;
    double signal = master.square().sum(at::kDouble).item<double>();
    double noise = error.square().sum(at::kDouble).item<double>();
    values.emplace_back(metric::OfLayer(metric::kWeightError, layer->name()),
                        error.abs().mean(at::kDouble).item<double>());
    values.emplace_back(metric::OfLayer(metric::kWeightSqnr, layer->name()),
                        10 * std::log10(signal / noise));
  }
  return values;
}

}  // namespace fp4::trainer
