#include "trainer/measure/evaluate.h"

#include <algorithm>
#include <cmath>

#include "base/metric_names.h"

namespace fp4::trainer {

Evaluator::Evaluator(const spec::RunSpec& run, const Dataset& dataset, const Batches& batches)
    : training_(run.training),
      dataset_(dataset),
      batches_(batches),
      has_true_model_(dataset.TrueCrossEntropy(0).has_value()) {}

MetricValues Evaluator::Evaluate(Transformer& model) {
  model.SetTraining(false);
  const int64_t num_windows = batches_.num_validation_windows();
  double loss = 0;
  int64_t correct = 0;
  for (int64_t begin = 0; begin < num_windows; begin += training_.micro_batch_size) {
    Batch batch =
        batches_.Validation(begin, std::min(training_.micro_batch_size, num_windows - begin));
    LossSums sums = model.Evaluate(batch.inputs, batch.targets);
    loss += sums.loss.item<double>();
    correct += sums.correct.item<int64_t>();
  }
  const auto num_targets = static_cast<double>(num_windows * dataset_.sequence_length());
  loss /= num_targets;
  MetricValues values = {
      {std::string(metric::kValLoss), loss},
      {std::string(metric::kValAccuracy), static_cast<double>(correct) / num_targets},
      {std::string(metric::kValPerplexity), std::exp(loss)}};
  if (has_true_model_) values.emplace_back(metric::kValExcessLoss, loss - TrueCrossEntropy());
  std::ranges::move(WeightErrors(model), std::back_inserter(values));
  model.SetTraining(true);
  return values;
}

double Evaluator::TrueCrossEntropy() {
  if (!true_cross_entropy_) {
    double sum = 0;
    const int64_t num_windows = batches_.num_validation_windows();
    for (int64_t window = 0; window < num_windows; ++window)
      sum += *dataset_.TrueCrossEntropy(window);
    true_cross_entropy_ = sum / static_cast<double>(num_windows);
  }
  return *true_cross_entropy_;
}

MetricValues WeightErrors(const Transformer& model) {
  at::NoGradGuard no_grad;
  MetricValues values;
  for (const QuantizedWeight& weight : model.quantized_weights()) {
    at::Tensor error = weight.quantized.to(at::kFloat) - weight.master;
    double signal = weight.master.square().sum(at::kDouble).item<double>();
    double noise = error.square().sum(at::kDouble).item<double>();
    values.emplace_back(metric::OfLayer(metric::kWeightError, weight.layer),
                        error.abs().mean(at::kDouble).item<double>());
    values.emplace_back(metric::OfLayer(metric::kWeightSqnr, weight.layer),
                        10 * std::log10(signal / noise));
  }
  return values;
}

}  // namespace fp4::trainer
