#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "trainer/model/transformer.h"
#include "trainer/task/batches.h"

namespace fp4::trainer {

using MetricValues = std::vector<std::pair<std::string, double>>;

// Measures a model on the validation windows. Not thread-safe.
class Evaluator {
 public:
  Evaluator(const spec::RunSpec& run, const Dataset& dataset, const Batches& batches);

  // val/loss (mean cross-entropy over the targets, nats), val/accuracy (a fraction),
  // val/perplexity, val/excess_loss where the data's true model is known, and
  // quant/<layer>/weight_error, …/weight_sqnr_db of each quantized weight. The model's quantizers
  // round to nearest, and nothing is dropped.
  MetricValues Evaluate(Transformer& model);

 private:
  double TrueCrossEntropy();  // mean over the windows that are evaluated, nats

  const spec::TrainingSpec training_;
  const Dataset& dataset_;
  const Batches& batches_;
  const bool has_true_model_;
  std::optional<double> true_cross_entropy_;
};

// Mean |w - q| and the signal-to-noise ratio 10 log10(sum w^2 / sum (w - q)^2), of each weight that
// is quantized.
MetricValues WeightErrors(const Transformer& model);

}  // namespace fp4::trainer
