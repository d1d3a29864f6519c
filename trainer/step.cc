#include "trainer/step.h"

#include <ATen/record_function.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "trainer/optimizer/gradients.h"

namespace fp4::trainer {

double LossScaleOf(const Parts& parts) {
  return parts.loss_scale ? parts.loss_scale->value() : 1.0;
}

namespace {

// Of the step's micro-batches, that which is the `m`th of this process: each has a stretch of them.
int64_t MicroBatchOfStep(const Parts& parts, int64_t m) {
  return parts.rank() * parts.run.training.gradient_accumulation + m;
}

Batch TrainingBatch(Parts& parts, int64_t step, int64_t m) {
  RECORD_USER_SCOPE("data");
  return parts.task->Training(step + parts.anomalies->policy().data_offset(), m);
}

// Forward and backward of micro-batch `m` (from 0) of the step; its gradients are added to those
// that are there.
LossSums ComputeMicroBatch(Parts& parts, int64_t step, int64_t m) {
  parts.context.micro_batch = (step - 1) * parts.run.micro_batches_per_step() + m;
  const Batch batch = TrainingBatch(parts, step, m);
  const auto targets = static_cast<double>(parts.targets_per_step());
  RECORD_USER_SCOPE("forward and backward");
  return parts.model->ForwardBackward(batch, LossScaleOf(parts) / targets);
}

std::optional<StepResult> ComputeGradients(Parts& parts, int64_t step, const StopCheck& stop,
                                           StepLook* look) {
  at::Tensor loss;
  for (int64_t m = 0; m < parts.run.training.gradient_accumulation; ++m) {
    if (stop()) return std::nullopt;
    const ScopedObserver observed(parts.context, m == 0 ? look : nullptr);
    const LossSums sums = ComputeMicroBatch(parts, step, MicroBatchOfStep(parts, m));
    loss = m == 0 ? sums.loss : loss + sums.loss;
  }
  double loss_sum = loss.item<double>();
  if (parts.group != nullptr) {
    RECORD_USER_SCOPE("sum over processes");
    parts.group->SumInRankOrder(Gradients(*parts.parameters));
    loss_sum = parts.group->Sum(loss_sum);
  }
  if (parts.loss_scale) UnscaleGradients(*parts.parameters, parts.loss_scale->value());
  parts.model->FinishGradients();
  return StepResult{loss_sum / static_cast<double>(parts.targets_per_step()),
                    GradientNorm(*parts.parameters).item<double>()};
}

}  // namespace

std::optional<StepResult> ComputeStep(Parts& parts, int64_t step, const StopCheck& stop,
                                      StepLook* look) {
  if (parts.loss_scale) parts.loss_scale->BeginStep();
  for (;;) {
    if (look != nullptr) look->Begin();
    const std::optional<StepResult> result = ComputeGradients(parts, step, stop, look);
    const bool overflowed = result && parts.loss_scale && !std::isfinite(result->gradient_norm) &&
                            !GradientsAreFinite(*parts.parameters);
    if (!overflowed || !parts.loss_scale->Halve()) return result;
    ClearGradients(*parts.parameters);
  }
}

std::optional<NonFiniteTensor> FindNonFinite(Parts& parts, int64_t step) {
  std::optional<NonFiniteTensor> in_gradients = FirstNonFiniteGradient(*parts.parameters);
  ClearGradients(*parts.parameters);
  NonFiniteFinder finder;
  const ScopedObserver observed(parts.context, &finder);
  const int64_t accumulation = parts.run.training.gradient_accumulation;
  for (int64_t m = 0; m < accumulation; ++m) {
    const int64_t of_step = MicroBatchOfStep(parts, m), all = parts.run.micro_batches_per_step();
    ComputeMicroBatch(parts, step, of_step);
    if (!finder.first()) continue;
    NonFiniteTensor found = *finder.first();
    if (all > 1) absl::StrAppend(&found.what, " in micro-batch ", of_step + 1, " of ", all);
    return found;
  }
  return in_gradients;
}

}  // namespace fp4::trainer
