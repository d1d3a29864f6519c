#pragma once

#include <memory>

#include "trainer/data/record_dataset.h"
#include "trainer/task/task.h"

namespace fp4::trainer {

// Vectors to themselves: a record is a row, each of its elements a target. Batches: inputs and
// targets (B, width) fp32. Metrics: val/loss (mean squared error per element), and val/excess_loss
// where the best linear error through the model's bottleneck is known.
std::unique_ptr<Task> MakeVectorTask(const spec::RunSpec& run,
                                     std::unique_ptr<RecordDataset> dataset, at::Device device);

}  // namespace fp4::trainer
