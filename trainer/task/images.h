#pragma once

#include <memory>

#include "trainer/data/record_dataset.h"
#include "trainer/task/task.h"

namespace fp4::trainer {

// Images to their classes: a record is an image. Batches: inputs (B, channels, height, width) fp32,
// targets (B) int64. Metrics: val/loss (cross-entropy, nats an image), val/accuracy (a fraction).
std::unique_ptr<Task> MakeImageTask(const spec::RunSpec& run,
                                    std::unique_ptr<RecordDataset> dataset, at::Device device);

}  // namespace fp4::trainer
