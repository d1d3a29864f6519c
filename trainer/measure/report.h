#pragma once

#include <map>
#include <string>

#include "trainer/build.h"
#include "trainer/measure/energy.h"

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

  absl::Status Step(int64_t step, double loss, double gradient_norm, double learning_rate);
  absl::Status Evaluation(int64_t step, const MetricValues& values);

  // Writes a checkpoint, then its event, then removes those that are not kept.
  absl::Status Checkpoint(int64_t step);

  // Writes the health event.
  absl::Status Health(const Finding& finding);

  // Writes the health event of what the run cannot go on with and returns the error to end with:
  // INTERNAL, the finding's code and message.
  absl::Status Stop(const Finding& finding);

 private:
  absl::Status Metrics(int64_t step, MetricValues values);

  Parts& parts_;
  EventLog& log_;
  const EnergyMeter energy_;
  std::map<std::string, double> last_values_;
  absl::Duration step_start_, spent_;  // spent_: on the updates since the last Step
  int64_t timed_steps_ = 0;
};

}  // namespace fp4::trainer
