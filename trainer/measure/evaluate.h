#pragma once

#include <optional>

#include "base/stop_check.h"
#include "trainer/model/model.h"
#include "trainer/task/task.h"

namespace fp4::trainer {

// Measures `model` on the task's validation records, `micro_batch_size` at a time: the task's
// metrics, then those of WeightMetrics. The model's
// quantizers round to nearest, and nothing is dropped. Nothing at all when `stop` asked for it
// before the end: half a value is none.
std::optional<MetricValues> Evaluate(Model& model, Task& task, int64_t micro_batch_size,
                                     const StopCheck& stop = NeverStop);

// quant/<layer>/weight_… of each weight that is quantized.
MetricValues WeightMetrics(const Model& model);

}  // namespace fp4::trainer
