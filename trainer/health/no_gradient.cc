#include "trainer/health/no_gradient.h"

#include "absl/strings/str_cat.h"
#include "base/health_codes.h"

namespace fp4::trainer {

void NoGradientCheck::BeforeUpdate(const UpdateFacts& update) {
  step_ = update.step;
  if (update.learning_rate <= 0) return;
  num_zero_ = update.gradient_norm == 0 ? num_zero_ + 1 : 0;
}

std::vector<Finding> NoGradientCheck::AfterUpdate() {
  if (num_zero_ != kUpdates) return {};
  return {{health_code::kNoGradient, "",
           absl::StrCat("up to step ", step_, " all gradients together were exactly zero in ",
                        kUpdates, " updates in a row: the activations may have overflowed")}};
}

}  // namespace fp4::trainer
