#include "trainer/train.h"

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

// The gradients of one update; the sum of its targets' cross-entropies is returned, a scalar on the
// device. Nothing when `stop` asked for it: the gradients are then those of some micro-batches.
std::optional<at::Tensor> ComputeGradients(Parts& parts, int64_t step, const StopCheck& stop) {
  const int64_t accumulation = parts.run.training.gradient_accumulation;
  const double scale = 1.0 / static_cast<double>(parts.targets_per_step());
  at::Tensor loss;
  for (int64_t m = 0; m < accumulation; ++m) {
    if (stop()) return std::nullopt;
    parts.context.micro_batch = (step - 1) * accumulation + m;
    Batch batch = parts.task->Training(step, m);
    LossSums sums = parts.model->ForwardBackward(batch, scale);
    loss = m == 0 ? sums.loss : loss + sums.loss;
  }
  return loss;
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
    report.BeginStep();
    const std::optional<at::Tensor> sum = ComputeGradients(parts, update, stop);
    if (!sum) return StopAt(parts, step, report);
    const double loss = sum->item<double>() / static_cast<double>(parts.targets_per_step());
    FP4_RETURN_IF_ERROR(parts.task->CheckData());
    const double gradient_norm = GradientNorm(*parts.parameters).item<double>();
    if (auto finding = FindNonFinite(update, loss, gradient_norm, *parts.parameters))
      return report.Stop(*finding);
    if (training.grad_clip_norm > 0)
      ClipGradients(*parts.parameters, gradient_norm, training.grad_clip_norm);

    const UpdateRate rate(parts.run.lr_schedule, update, training.steps);
    const double learning_rate = rate.Of(parts.run.optimizer.learning_rate);
    parts.health->BeforeUpdate({update, loss, gradient_norm, learning_rate});
    for (const auto& optimizer : parts.optimizers) optimizer->Step(rate);
    for (const Finding& finding : parts.health->AfterUpdate())
      FP4_RETURN_IF_ERROR(report.Health(finding));
    ClearGradients(*parts.parameters);
    parts.context.micro_batch = update * training.gradient_accumulation;
    parts.model->Refresh();

    report.EndStep();
    if (update == training.steps || IsMultiple(update, training.log_interval)) {
      FP4_RETURN_IF_ERROR(report.Step(update, loss, gradient_norm, learning_rate));
    }
  }
}

}  // namespace fp4::trainer
