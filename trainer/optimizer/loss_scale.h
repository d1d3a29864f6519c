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

  void BeginStep() { before_ = {value_, clean_steps_}; }
  // The gradients of the step overflowed: halves the scale. False: it would fall below 1.
  bool Halve();
  // The step has been applied.
  void StepDone();
  // The step is not applied: all is as it was when it began.
  void StepLeftOut();

  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

 private:
  struct Moment {
    double value = 0;
    int64_t clean_steps = 0;
  };

  const int64_t growth_interval_;
  double value_;
  int64_t clean_steps_ = 0;
  Moment before_;  // the step under way
};

}  // namespace fp4::trainer
