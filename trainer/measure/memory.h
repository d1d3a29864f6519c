// What a run holds in memory, by part: the metrics memory/… (base/metric_names.h). All but
// memory/packed_weights_bytes is measured: the bytes of the tensors' storages, each counted once,
// and what the device's allocator has handed out. A part is measured when it is complete:
//   masters, optimizer state, weights   between two steps, when a number is told
//   gradients                           when backward is through with the last micro-batch
//   activations                         at the peak of forward and backward, less what was there
//                                       before the step; in a step of several micro-batches less
//                                       the gradients too, which are all there from the second one
//                                       on. Of a single micro-batch those in the making count.
//   the rest                            what is held between two steps beyond these
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "trainer/backend/backend.h"
#include "trainer/measure/metric_values.h"
#include "trainer/model/model.h"
#include "trainer/optimizer/optimizer.h"

namespace fp4::trainer {

// Bytes of the storages of `tensors`, undefined ones left out, each counted once; a storage that is
// `but_not`'s too is not counted.
int64_t StorageBytes(std::span<const at::Tensor> tensors, std::span<const at::Tensor> but_not = {});

// What is measured; all of it outlives the meter, but what the pointers hold may be replaced, when
// a run goes back to a checkpoint.
struct MemoryParts {
  Backend& backend;
  const std::unique_ptr<ParameterSet>& parameters;
  const std::vector<std::unique_ptr<Optimizer>>& optimizers;
  const std::unique_ptr<Model>& model;
  int64_t num_micro_batches = 1;     // of a step
  int64_t packed_weights_bytes = 0;  // computed
};

// Of one attempt of a run. Its calls cost microseconds, but Take walks the C library's lists. Not
// thread-safe.
class MemoryMeter {
 public:
  explicit MemoryMeter(const MemoryParts& parts) : parts_(parts) {}

  // Before the first micro-batch of a step.
  void BeginStep();
  // When the gradients of the step are complete.
  void GradientsComplete();

  // Between two steps: memory/allocated_bytes, peak_bytes, activations_bytes and other_bytes, and
  // those of the other numbers that are not what they were when they were last told. The next peak
  // begins here.
  MetricValues Take();

 private:
  // Puts the peak so far away, and begins another.
  void KeepPeak();

  const MemoryParts parts_;
  int64_t before_step_ = 0;  // tensors
  int64_t peak_ = 0;         // of tensors, since the last Take and before the last ResetPeak
  int64_t gradients_ = 0, activations_ = 0;  // of the last step
  std::map<std::string, int64_t> told_;      // the last of each that is told when it changes
};

}  // namespace fp4::trainer
