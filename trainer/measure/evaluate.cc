#include "trainer/measure/evaluate.h"

#include <algorithm>
#include <iterator>

#include "trainer/measure/operand_facts.h"

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
  // Of the weights that were evaluated, not of those with the noise of training.
  MetricValues errors = WeightMetrics(model);
  model.SetTraining(true);
  if (!sums) return std::nullopt;
  MetricValues values = task.ValidationMetrics(*sums);
  std::ranges::move(errors, std::back_inserter(values));
  return values;
}

MetricValues WeightMetrics(const Model& model) {
  MetricValues values;
  for (const QuantizedLayer* layer : model.layers()) {
    if (layer->weight_quantized())
      std::ranges::move(MetricsOf(MeasureWeight(*layer)), std::back_inserter(values));
  }
  return values;
}

}  // namespace fp4::trainer
