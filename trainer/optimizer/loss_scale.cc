#include "trainer/optimizer/loss_scale.h"

#include <limits>

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr char kScale[] = "training.loss_scale";
constexpr char kCleanSteps[] = "training.loss_scale_clean_steps";

}  // namespace

bool LossScale::Halve() {
  clean_steps_ = 0;
  if (value_ / 2 < 1) return false;
  value_ /= 2;
  return true;
}

void LossScale::StepDone() {
  if (++clean_steps_ < growth_interval_) return;
  clean_steps_ = 0;
  if (value_ * 2 <= std::numeric_limits<float>::max()) value_ *= 2;
}

void LossScale::StepLeftOut() {
  value_ = before_.value;
  clean_steps_ = before_.clean_steps;
}

void LossScale::Save(StateSnapshot& snapshot) const {
  snapshot.Add(kScale, at::scalar_tensor(value_, at::kDouble));
  snapshot.AddCount(kCleanSteps, clean_steps_);
}

absl::Status LossScale::Restore(const StateReader& reader) {
  FP4_ASSIGN_OR_RETURN(at::Tensor value, reader.Read(kScale, {}, at::kDouble));
  value_ = value.item<double>();
  FP4_ASSIGN_OR_RETURN(clean_steps_, reader.ReadCount(kCleanSteps));
  return absl::OkStatus();
}

}  // namespace fp4::trainer
