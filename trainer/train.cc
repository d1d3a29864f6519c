#include "trainer/train.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/metric_names.h"
#include "base/status_macros.h"
#include "trainer/anomaly_response.h"
#include "trainer/measure/evaluate.h"
#include "trainer/measure/report.h"
#include "trainer/optimizer/gradients.h"
#include "trainer/sensitivity_response.h"
#include "trainer/step.h"

namespace fp4::trainer {
namespace {

bool IsMultiple(int64_t step, int64_t interval) { return interval > 0 && step % interval == 0; }

bool EvaluationIsDue(const Parts& parts, const Report& report, int64_t step) {
  const spec::TrainingSpec& training = parts.run.training;
  const bool due = step == 0 || step == training.steps ||
                   IsMultiple(step, training.eval_interval) ||
                   std::ranges::count(training.eval_steps, step) > 0;
  return due && !report.has_evaluation(step);
}

bool CheckpointIsDue(const Parts& parts, const Report& report, int64_t step, bool stopping) {
  if (report.has_checkpoint(step)) return false;
  // The first values can be computed again, but a run that goes back needs them where all others
  // are.
  if (step == 0) return parts.run.training.on_anomaly.action == spec::AnomalyAction::kRollback;
  return stopping || step == parts.run.training.steps ||
         IsMultiple(step, parts.run.checkpoint.interval_steps);
}

bool LookIsDue(const spec::TrainingSpec& training, int64_t update) {
  if (training.stats_interval > 0) return IsMultiple(update, training.stats_interval);
  return update == training.steps || IsMultiple(update, training.eval_interval);
}

// Values that a stop cut short are not told: the next attempt evaluates.
absl::Status EvaluateAndTell(Parts& parts, int64_t step, const StopCheck& stop, Report& report) {
  // The values are the first process's; the others wait for it.
  if (!parts.leads()) return report.Evaluation(step, {});
  const std::optional<MetricValues> values =
      Evaluate(*parts.model, *parts.task, parts.run.training.micro_batch_size, stop);
  if (!values) return absl::OkStatus();
  FP4_RETURN_IF_ERROR(parts.task->CheckData());
  return report.Evaluation(step, *values);
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
  if (parts.loss_scale) parts.loss_scale->StepLeftOut();
  if (CheckpointIsDue(parts, report, step, /*stopping=*/true))
    FP4_RETURN_IF_ERROR(report.Checkpoint(step));
  return Outcome::kStopped;
}

absl::Status Tell(const std::vector<Finding>& findings, Report& report) {
  for (const Finding& finding : findings) FP4_RETURN_IF_ERROR(report.Health(finding));
  return absl::OkStatus();
}

// The gradients of `update` have been used, or never will be.
void EndGradients(Parts& parts, int64_t update) {
  ClearGradients(*parts.parameters);
  parts.context.micro_batch = update * parts.run.micro_batches_per_step();
}

// Clips the gradients of `update` and makes new values of them.
absl::Status ApplyUpdate(Parts& parts, int64_t update, const StepResult& result,
                         const UpdateRate& rate, Report& report) {
  const spec::RunSpec& run = parts.run;
  for (const PrecisionSwitch& each : parts.precision->ObserveGradients(update))
    FP4_RETURN_IF_ERROR(report.Switch(update, each));
  if (run.training.grad_clip_norm > 0)
    ClipGradients(*parts.parameters, result.gradient_norm, run.training.grad_clip_norm);
  parts.health->BeforeUpdate(
      {update, result.loss, result.gradient_norm, rate.Of(run.optimizer.learning_rate)});
  {
    RECORD_USER_SCOPE("optimizer");
    for (const auto& optimizer : parts.optimizers) optimizer->Step(rate);
  }
  if (parts.loss_scale) parts.loss_scale->StepDone();
  FP4_RETURN_IF_ERROR(Tell(parts.health->AfterUpdate(), report));
  EndGradients(parts, update);
  {
    RECORD_USER_SCOPE("quantize weights");
    parts.precision->AfterUpdate(update);
  }
  return Tell(parts.health->AfterQuantizing(), report);
}

void LeaveOutUpdate(Parts& parts, int64_t update) {
  EndGradients(parts, update);
  if (parts.loss_scale) parts.loss_scale->StepLeftOut();
  parts.precision->UpdateLeftOut();
}

// What was seen while `update` was computed, beside its weights.
absl::Status TellOfLook(Parts& parts, int64_t update, Look look, Report& report) {
  look.step = update;
  MetricValues values;
  for (const OperandFacts& facts : look.operands)
    std::ranges::move(MetricsOf(facts), std::back_inserter(values));
  const bool evaluated = EvaluationIsDue(parts, report, update);  // which tells of the weights
  for (const QuantizedLayer* layer : parts.model->layers()) {
    if (!layer->weight_quantized()) continue;
    look.operands.push_back(MeasureWeight(*layer));
    if (!evaluated) std::ranges::move(MetricsOf(look.operands.back()), std::back_inserter(values));
  }
  if (!values.empty()) FP4_RETURN_IF_ERROR(report.Statistics(update, std::move(values)));
  return Tell(parts.health->AfterLook(look), report);
}

}  // namespace

absl::StatusOr<Outcome> Train(Parts& parts, EventLog& log, const StopCheck& stop) {
  const spec::TrainingSpec& training = parts.run.training;
  Report report(parts, log);
  FP4_RETURN_IF_ERROR(report.Started());

  // Several processes leave off at the same step only.
  const StopCheck within_step = parts.group == nullptr ? stop : NeverStop;
  StepLook look;
  int64_t step = parts.first_step();  // so many steps are done
  for (;;) {
    if (EvaluationIsDue(parts, report, step))
      FP4_RETURN_IF_ERROR(EvaluateAndTell(parts, step, stop, report));
    const bool stopping = parts.group == nullptr ? stop() : parts.group->AsFirstSays(stop());
    if (CheckpointIsDue(parts, report, step, stopping))
      FP4_RETURN_IF_ERROR(report.Checkpoint(step));
    if (step == training.steps && report.has_evaluation(step)) {
      FP4_RETURN_IF_ERROR(report.Completed());
      return Outcome::kCompleted;
    }
    if (stopping) return Outcome::kStopped;

    RECORD_USER_SCOPE("update");
    const int64_t update = step + 1;
    parts.context.step = update;
    parts.precision->BeginUpdate(update);
    report.BeginStep();
    const bool looks = LookIsDue(training, update);
    const std::optional<StepResult> result =
        ComputeStep(parts, update, within_step, looks ? &look : nullptr);
    if (!result) return StopAt(parts, step, report);
    report.GradientsComplete();
    FP4_RETURN_IF_ERROR(parts.task->CheckData());
    FP4_ASSIGN_OR_RETURN(const AnomalyVerdict verdict,
                         RespondToAnomaly(parts, update, *result, report));
    if (verdict == AnomalyVerdict::kGoBack) {
      step = parts.first_step();
      continue;
    }
    const UpdateRate rate(parts.run.lr_schedule, update, training.steps);
    if (verdict == AnomalyVerdict::kApply) {
      FP4_RETURN_IF_ERROR(ApplyUpdate(parts, update, *result, rate, report));
      if (looks) FP4_RETURN_IF_ERROR(TellOfLook(parts, update, look.look(), report));
    } else {
      LeaveOutUpdate(parts, update);
    }

    report.EndStep();
    if (update == training.steps || IsMultiple(update, training.log_interval))
      FP4_RETURN_IF_ERROR(report.Step(update, result->loss, result->gradient_norm,
                                      rate.Of(parts.run.optimizer.learning_rate),
                                      OptimizerMetrics(parts, rate)));
    if (verdict == AnomalyVerdict::kApply)
      FP4_RETURN_IF_ERROR(MeasureSensitivity(parts, update, report));
    step = update;
  }
}

}  // namespace fp4::trainer
