#pragma once

#include "spec/run_spec.h"
#include "trainer/data/dataset.h"
#include "trainer/data/window_order.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// (B, T) token ids, int64, on the device.
struct Batch {
  at::Tensor inputs, targets;
};

// Windows of the data as batches. `dataset` outlives it.
class Batches {
 public:
  Batches(const spec::RunSpec& run, const Dataset& dataset, at::Device device);

  // Micro-batch `micro_batch` (from 0) of update `step` (from 1): row b is window
  // ((step - 1) A + micro_batch) B + b of the run's order.
  Batch Training(int64_t step, int64_t micro_batch) const;

  // `count` validation windows from `begin` on, in the data's order.
  Batch Validation(int64_t begin, int64_t count) const;

  // How many validation windows an evaluation takes.
  int64_t num_validation_windows() const;

 private:
  Batch Read(Part part, const std::vector<int64_t>& windows) const;

  const spec::TrainingSpec training_;
  const Dataset& dataset_;
  const WindowOrder order_;
  const at::Device device_;
};

}  // namespace fp4::trainer
