// Everything that the training loop works with, made from a run's description and, where there is
// one, a checkpoint.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "trainer/checkpoint/store.h"
#include "trainer/health/monitor.h"
#include "trainer/model/model.h"
#include "trainer/optimizer/optimizer.h"
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
  std::filesystem::path cache_folder;  // for tokenized files
  const Clock& clock;
};

// In the order in which they are built; each uses those above it.
struct Parts {
  Parts(const BuildInputs& inputs, StepContext& context)
      : run(inputs.run), document(inputs.document), context(context), clock(inputs.clock) {}

  spec::RunSpec run;  // with compute_dtype resolved
  std::string document;
  StepContext& context;
  const Clock& clock;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Task> task;
  std::unique_ptr<CheckpointStore> checkpoints;
  std::optional<Checkpoint> resumed;  // where this attempt goes on from
  bool announce_resumed = false;      // a crash came between it and its event
  std::unique_ptr<ParameterSet> parameters;
  std::vector<std::unique_ptr<Optimizer>> optimizers;
  std::vector<Stateful*> stateful;  // of the parts: what a checkpoint holds beside the masters
  std::unique_ptr<Model> model;
  std::unique_ptr<HealthMonitor> health;

  Manifest manifest;  // of the next checkpoint, but for step, attempt, metric_value and reported
  StartedFacts facts;
  std::vector<std::string> warnings;  // for the log

  int64_t first_step() const { return resumed ? resumed->manifest.step : 0; }
  int64_t targets_per_step() const {
    return run.training.micro_batch_size * run.training.gradient_accumulation *
           task->targets_per_record();
  }
};

// INVALID_ARGUMENT, NOT_FOUND: what the document asks for cannot be had (a missing file, given
// weights that do not fit); FAILED_PRECONDITION: a resume that would not continue the same run
// (other data, another document), or no such device. Moves `context` to the step that is resumed
// from.
absl::StatusOr<std::unique_ptr<Parts>> Build(const BuildInputs& inputs, StepContext& context);

}  // namespace fp4::trainer
