#pragma once

#include "trainer/checkpoint/state.h"
#include "trainer/health/anomaly.h"

namespace fp4::trainer {

// The policy of a run, with its state in checkpoints: training.anomaly.values (2, window) fp64,
// losses and gradient norms, oldest first; training.anomaly.counts (6) int64. With the action
// `stop` there is none.
class AnomalyGuard : public Stateful {
 public:
  explicit AnomalyGuard(const spec::AnomalySpec& spec) : spec_(spec), policy_(spec) {}

  AnomalyPolicy& policy() { return policy_; }
  const AnomalyPolicy& policy() const { return policy_; }

  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

 private:
  const spec::AnomalySpec spec_;
  AnomalyPolicy policy_;
};

}  // namespace fp4::trainer
