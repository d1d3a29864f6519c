#pragma once

#include <cstdint>

#include "spec/run_spec.h"

namespace fp4::trainer {

// The learning rate of update `step` (from 1) of `steps`. Warm-up: lr s/w for s <= w, with
// warmup_from_zero lr (s-1)/w. After it, with p = (s-w)/(S-w) and m = min_factor: cosine lr (m +
// (1-m)(1 + cos(pi p))/2); linear lr (1 - (1-m) p); constant lr; wsd (warm-up, stable, decay; Hu et
// al., arXiv 2404.06395) lr until decay_steps before the end, then linear to m over them.
double LearningRate(const spec::LearningRateSpec& schedule, double learning_rate, int64_t step,
                    int64_t steps);

}  // namespace fp4::trainer
