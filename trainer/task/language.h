#pragma once

#include "trainer/data/dataset.h"
#include "trainer/task/task.h"

namespace fp4::trainer {

// Next tokens: a record is a window of T + 1 ids, the first T are inputs, the last T targets.
// Batches are (B, T) int64. Metrics: val/loss (cross-entropy, nats a target), val/accuracy (a
// fraction), val/perplexity, and val/excess_loss where the data's true model is known.
std::unique_ptr<Task> MakeLanguageTask(const spec::RunSpec& run, std::unique_ptr<Dataset> dataset,
                                       at::Device device);

}  // namespace fp4::trainer
