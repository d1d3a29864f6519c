#include "trainer/train.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/metric_names.h"
#include "base/status_macros.h"
#include "trainer/health/non_finite.h"
#include "trainer/measure/evaluate.h"
#include "trainer/measure/report.h"
#include "trainer/optimizer/gradients.h"

namespace fp4::trainer {
namespace {

bool IsMultiple(int64_t step, int64_t interval) { return interval > 0 && step % interval == 0; }

bool EvaluationIsDue(const Parts& parts, const Report& report, int64_t step) {
  const spec::TrainingSpec& training = parts.run.training;
  const bool due = step == 0 || step == training.steps || IsMultiple(step, training.eval_interval);
  return due && !report.has_evaluation(step);
}

bool CheckpointIsDue(const Parts& parts, const Report& report, int64_t step, bool stopping) {
  if (step == 0 || report.has_checkpoint(step)) return false;
  return stopping || step == parts.run.training.steps ||
         IsMultiple(step, parts.run.checkpoint.interval_steps);
}

// Values that a stop cut short are not told: the next attempt evaluates.
absl::Status EvaluateAndTell(Parts& parts, int64_t step, const StopCheck& stop, Report& report) {
  const std::optional<MetricValues> values =
      Evaluate(*parts.model, *parts.task, parts.run.training.micro_batch_size, stop);
  if (!values) return absl::OkStatus();
  FP4_RETURN_IF_ERROR(parts.task->CheckData());
  return report.Evaluation(step, *values);
}

// What one update goes by; its gradients are with the parameters.
struct StepResult {
  double loss = 0;           // mean over the step's targets
  double gradient_norm = 0;  // of all gradients together, not clipped
};

// Nothing when `stop` asked for it: the gradients are then those of some micro-batches.
std::optional<StepResult> ComputeGradients(Parts& parts, int64_t step, const StopCheck& stop) {
  const int64_t accumulation = parts.run.training.gradient_accumulation;
  const auto targets = static_cast<double>(parts.targets_per_step());
  const double loss_scale = parts.loss_scale ? parts.loss_scale->value() : 1.0;
  at::Tensor loss;
  for (int64_t m = 0; m < accumulation; ++m) {
    if (stop()) return std::nullopt;
    parts.context.micro_batch = (step - 1) * accumulation + m;
    Batch batch = parts.task->Training(step, m);
    LossSums sums = parts.model->ForwardBackward(batch, loss_scale / targets);
    loss = m == 0 ? sums.loss : loss + sums.loss;
  }
  if (parts.loss_scale) UnscaleGradients(*parts.parameters, loss_scale);
  parts.model->FinishGradients();
  return StepResult{loss.item<double>() / targets, GradientNorm(*parts.parameters).item<double>()};
}

// Where fp16 overflows, the step is computed again with a smaller loss scale, until it does not or
// the scale can fall no further.
std::optional<StepResult> ComputeStep(Parts& parts, int64_t step, const StopCheck& stop) {
  for (;;) {
    const std::optional<StepResult> result = ComputeGradients(parts, step, stop);
    const bool overflowed = result && parts.loss_scale && !std::isfinite(result->gradient_norm) &&
                            !GradientsAreFinite(*parts.parameters);
    if (!overflowed || !parts.loss_scale->Halve()) return result;
    ClearGradients(*parts.parameters);
  }
}

// What the optimizers tell of an update, and the loss scale after it.
MetricValues OptimizerMetrics(const Parts& parts, const UpdateRate& rate) {
  MetricValues values;
  for (const auto& optimizer : parts.optimizers)
    std::ranges::move(optimizer->Metrics(rate), std::back_inserter(values));
  if (parts.loss_scale) values.emplace_back(metric::kLossScale, parts.loss_scale->value());
  return values;
}

// A stop in the midst of the update after `step`: what is computed of it is dropped, and the state
// is still that of `step`.
absl::StatusOr<Outcome> StopAt(const Parts& parts, int64_t step, Report& report) {
  if (CheckpointIsDue(parts, report, step, /*stopping=*/true))
    FP4_RETURN_IF_ERROR(report.Checkpoint(step));
  return Outcome::kStopped;
}

}  // namespace

absl::StatusOr<Outcome> Train(Parts& parts, EventLog& log, const StopCheck& stop) {
  const spec::TrainingSpec& training = parts.run.training;
  Report report(parts, log);
  FP4_RETURN_IF_ERROR(report.Started());

  // `step` updates are done.
  for (int64_t step = parts.first_step();; ++step) {
    if (EvaluationIsDue(parts, report, step))
      FP4_RETURN_IF_ERROR(EvaluateAndTell(parts, step, stop, report));
    const bool stopping = stop();
    if (CheckpointIsDue(parts, report, step, stopping))
      FP4_RETURN_IF_ERROR(report.Checkpoint(step));
    if (step == training.steps && report.has_evaluation(step)) {
      FP4_RETURN_IF_ERROR(report.Completed());
      return Outcome::kCompleted;
    }
    if (stopping) return Outcome::kStopped;

    const int64_t update = step + 1;
    parts.context.step = update;
    parts.precision->BeginUpdate(update);
    report.BeginStep();
    const std::optional<StepResult> result = ComputeStep(parts, update, stop);
    if (!result) return StopAt(parts, step, report);
    FP4_RETURN_IF_ERROR(parts.task->CheckData());
    const auto [loss, gradient_norm] = *result;
    if (auto finding = FindNonFinite(update, loss, gradient_norm, *parts.parameters)) {
      if (parts.loss_scale)
        finding->message += absl::StrCat("; the loss scale is ", parts.loss_scale->value());
      return report.Stop(*finding);
    }
    for (const PrecisionSwitch& each : parts.precision->ObserveGradients(update))
      FP4_RETURN_IF_ERROR(report.Switch(update, each));
    if (training.grad_clip_norm > 0)
      ClipGradients(*parts.parameters, gradient_norm, training.grad_clip_norm);

    const UpdateRate rate(parts.run.lr_schedule, update, training.steps);
    const double learning_rate = rate.Of(parts.run.optimizer.learning_rate);
    parts.health->BeforeUpdate({update, loss, gradient_norm, learning_rate});
    for (const auto& optimizer : parts.optimizers) optimizer->Step(rate);
    if (parts.loss_scale) parts.loss_scale->StepDone();
    for (const Finding& finding : parts.health->AfterUpdate())
      FP4_RETURN_IF_ERROR(report.Health(finding));
    ClearGradients(*parts.parameters);
    parts.context.micro_batch = update * training.gradient_accumulation;
    parts.precision->AfterUpdate(update);

    report.EndStep();
    if (update == training.steps || IsMultiple(update, training.log_interval)) {
      FP4_RETURN_IF_ERROR(
          report.Step(update, loss, gradient_norm, learning_rate, OptimizerMetrics(parts, rate)));
    }
  }
}

}  // namespace fp4::trainer
