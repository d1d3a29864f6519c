#pragma once

#include <optional>
#include <utility>

#include "spec/score_table.h"
#include "trainer/build.h"
#include "trainer/measure/energy.h"
#include "trainer/measure/memory.h"

namespace fp4::trainer {

// What the training loop tells: turns its numbers into events, and its state into checkpoints. Not
// thread-safe; `parts` and `log` outlive it.
class Report {
 public:
  Report(Parts& parts, EventLog& log);

  // `started`, what there is to warn of, and the event of the checkpoint that is resumed from if a
  // crash cost it.
  absl::Status Started();

  // Around one update: the time between counts for train/tokens_per_second.
  void BeginStep();
  void EndStep();

  // When the gradients of the update are complete: their memory is measured.
  void GradientsComplete() { memory_.GradientsComplete(); }

  absl::Status Step(int64_t step, double loss, double gradient_norm, double learning_rate,
                    const MetricValues& more);

  // Tells what was seen of the operands of `step`.
  absl::Status Statistics(int64_t step, MetricValues values) {
    return Metrics(step, std::move(values));
  }

  // Tells what an evaluation of the model after `step` updates gave, and reports a validation loss
  // that is not finite.
  absl::Status Evaluation(int64_t step, const MetricValues& values);

  // Writes a checkpoint, then its event, then removes those that are not kept. It carries the value
  // of checkpoint.metric only where this very step was evaluated.
  absl::Status Checkpoint(int64_t step);

  // Whether the model of this step was evaluated, here or before the checkpoint that this attempt
  // goes on from, and whether its checkpoint is written.
  bool has_evaluation(int64_t step) const { return step == evaluated_step_; }
  bool has_checkpoint(int64_t step) const { return step == saved_step_; }

  // How a run ends that has done all its steps: an error, with the code non_finite, when its last
  // validation loss is not finite.
  absl::Status Completed() const;

  // When the parts have gone back to a checkpoint: its step is the last one that was evaluated and
  // saved.
  void WentBack() { TakeResumed(); }

  // Tells of a layer that changes its precision after `step`.
  absl::Status Switch(int64_t step, const PrecisionSwitch& each);

  // Tells of measured scores, and of what a budget has decided by some.
  absl::Status Scores(const spec::ScoreTable& table);
  absl::Status Decision(const spec::Decision& decision);

  // Writes the health event.
  absl::Status Health(const Finding& finding);

  // Writes the health event of what the run cannot go on with and returns the error to end with:
  // INTERNAL, the finding's code and message.
  absl::Status Stop(const Finding& finding);

 private:
  // Of the devices of all processes; those make the same calls in the same order.
  std::optional<double> Joules() const;
  // Where parts.resumed stands is evaluated and saved as its manifest says.
  void TakeResumed();
  absl::Status Metrics(int64_t step, MetricValues values);
  // What is wrong with the last evaluation.
  std::optional<Finding> NonFiniteEvaluation() const;

  Parts& parts_;
  EventLog& log_;
  const EnergyMeter energy_;
  MemoryMeter memory_;
  int64_t evaluated_step_ = -1;  // the last one; -1: none
  MetricValues evaluation_;      // of that step
  bool non_finite_told_ = false;
  int64_t saved_step_ = -1;
  absl::Duration step_start_, spent_;  // spent_: on the updates since the last Step
  int64_t timed_steps_ = 0;
};

}  // namespace fp4::trainer
