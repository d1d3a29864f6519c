// Everything that the training loop works with, made from a run's description and, where there is
// one, a checkpoint.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/stop_check.h"
#include "trainer/checkpoint/store.h"
#include "trainer/health/anomaly_guard.h"
#include "trainer/health/monitor.h"
#include "trainer/model/model.h"
#include "trainer/optimizer/loss_scale.h"
#include "trainer/optimizer/optimizer.h"
#include "trainer/parallel/process_group.h"
#include "trainer/precision/control.h"
#include "trainer/run/event_log.h"
#include "trainer/run/options.h"
#include "trainer/run/started.h"
#include "trainer/task/task.h"

namespace fp4::trainer {

// What is known before anything is built. All of it outlives the parts.
struct BuildInputs {
  const spec::RunSpec& run;
  const std::string& document;  // the run's own, resolved
  const Options& options;
  const LogHistory& history;
  std::vector<std::filesystem::path> cache_folders;  // for tokenized files; the first that works
  const Clock& clock;
  const StopCheck& stop;
};

// In the order in which they are built; each uses those above it.
struct Parts {
  Parts(const BuildInputs& inputs, StepContext& context)
      : run(inputs.run), document(inputs.document), context(context), clock(inputs.clock) {}

  spec::RunSpec run;  // with compute_dtype resolved
  std::string document;
  StepContext& context;
  const Clock& clock;
  ProcessGroup* group = nullptr;  // null: one process trains alone
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Task> task;
  std::unique_ptr<CheckpointStore> checkpoints;
  std::optional<Checkpoint> resumed;  // where this attempt goes on from, or has gone back to
  bool announce_resumed = false;      // a crash came between it and its event
  std::unique_ptr<AnomalyGuard> anomalies;
  std::unique_ptr<ParameterSet> parameters;
  std::vector<std::unique_ptr<Optimizer>> optimizers;
  std::unique_ptr<LossScale> loss_scale;  // of fp16; null otherwise
  std::vector<Stateful*> stateful;  // of the parts: what a checkpoint holds beside the masters
  std::unique_ptr<Model> model;
  std::unique_ptr<PrecisionControl> precision;
  std::unique_ptr<HealthMonitor> health;

  Manifest manifest;  // of the next checkpoint, but for step, attempt, metric_value and reported
  StartedFacts facts;
  std::vector<std::string> warnings;  // for the log

  at::ScalarType compute_type() const;
  int64_t first_step() const { return resumed ? resumed->manifest.step : 0; }
  // Of all processes together.
  int64_t targets_per_step() const {
    return run.training.micro_batch_size * run.micro_batches_per_step() *
           task->targets_per_record();
  }
  // Among the processes that train together. The first tells the log, evaluates and writes
  // checkpoints.
  int64_t rank() const { return group == nullptr ? 0 : group->rank(); }
  bool leads() const { return rank() == 0; }
};

// INVALID_ARGUMENT, NOT_FOUND, and nothing else, are the fault of the document or the command line:
// what they ask for cannot be had (a missing file, given weights that do not fit, a folder of
// another document). UNAVAILABLE: the machine's, with reason disk_full or machine_fault.
// FAILED_PRECONDITION: other data than the run began with, or no such device; ABORTED: a file
// changed while it was read; DATA_LOSS: a checkpoint that does not fit; CANCELLED: inputs.stop
// asked for it. Moves `context` to the step that is resumed from.
absl::StatusOr<std::unique_ptr<Parts>> Build(const BuildInputs& inputs, StepContext& context);

// Makes the parts that have a state anew, as a resume from `checkpoint` would, in the same attempt
// and with the same data, device and log; what has been reported stays reported. DATA_LOSS: the
// checkpoint does not fit.
absl::Status GoBackTo(const Checkpoint& checkpoint, Parts& parts);

// The same for an evaluation of the weights in `file`, a safetensors file: nothing is resumed, the
// parts `checkpoints` and `health` are null, and nothing is written. `step`: whose precision holds.
absl::StatusOr<std::unique_ptr<Parts>> BuildForEvaluation(const BuildInputs& inputs,
                                                          const std::string& file, int64_t step,
                                                          StepContext& context);

}  // namespace fp4::trainer
