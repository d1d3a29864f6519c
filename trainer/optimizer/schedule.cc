#include "trainer/optimizer/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fp4::trainer {

double LearningRate(const spec::LearningRateSpec& schedule, double learning_rate, int64_t step,
                    int64_t steps) {
  const int64_t warmup = schedule.warmup_steps;
  if (step <= warmup) {
    auto done = static_cast<double>(schedule.warmup_from_zero ? step - 1 : step);
    return learning_rate * done / static_cast<double>(warmup);
  }
  const double minimum = schedule.min_factor;
  const double progress =
      steps > warmup ? static_cast<double>(step - warmup) / static_cast<double>(steps - warmup)
                     : 1.0;
  switch (schedule.name) {
    case spec::Schedule::kCosine:
      return learning_rate *
             (minimum + (1 - minimum) * (1 + std::cos(std::numbers::pi * progress)) / 2);
    case spec::Schedule::kLinear:
      return learning_rate * (1 - (1 - minimum) * progress);
    case spec::Schedule::kWsd: {
      const int64_t stable_end = std::max(warmup, steps - schedule.decay_steps);
      if (step <= stable_end) return learning_rate;
      double decay =
          static_cast<double>(step - stable_end) / static_cast<double>(steps - stable_end);
      return learning_rate * (1 - (1 - minimum) * decay);
    }
    case spec::Schedule::kConstant:
      return learning_rate;
  }
  return learning_rate;
}

}  // namespace fp4::trainer
