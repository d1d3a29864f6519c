#pragma once

#include "spec/run_spec.h"
#include "trainer/checkpoint/state.h"

namespace fp4::trainer {

// The factor on the loss of training in fp16, as torch.amp.GradScaler, but one for the whole step:
// where any gradient of any optimizer overflows, no optimizer steps, the scale is halved, and the
// same step is computed again. Doubled after growth_interval steps without that, never beyond what
// fp32 holds. State in checkpoints: training.loss_scale, training.loss_scale_clean_steps. Not
// thread-safe.
class LossScale : public Stateful {
 public:
  explicit LossScale(const spec::LossScaleSpec& spec)
      : growth_interval_(spec.growth_interval), value_(spec.initial) {}

  double value() const { return value_; }

  // The gradients of a step overflowed: halves the scale. False: it would fall below 1.
  bool Halve();
  // A step has been applied.
  void StepDone();

  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

 private:
  const int64_t growth_interval_;
  double value_;
  int64_t clean_steps_ = 0;
};

}  // namespace fp4::trainer
