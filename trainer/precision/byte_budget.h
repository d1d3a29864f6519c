#pragma once

#include <vector>

#include "spec/budget/policy.h"
#include "trainer/checkpoint/state.h"

namespace fp4::trainer {

// The budget of a run: which candidate each layer has, by decisions on measured scores
// (spec/budget/policy.h). Switches hold from the update after a decision on. Not thread-safe; `run`
// outlives it.
class ByteBudget : public Stateful {
 public:
  // `run` has its compute_dtype resolved: it says how many bytes unquantized weights take.
  explicit ByteBudget(const spec::RunSpec& run);

  bool DecisionIsDue(int64_t update) const;

  // Of a budget in seconds, once a run: what the layers' products take, which is part of the state
  // from then on. INVALID_ARGUMENT: the fastest assignment takes longer than the limit.
  bool needs_times() const {
    return run_.budget.unit == spec::BudgetUnit::kNanoseconds && state_.nanoseconds.empty();
  }
  absl::Status TakeTimes(spec::LayerCosts nanoseconds);

  // `measured`: on micro-batches with the weights after `update`.
  spec::Decision Decide(int64_t update, const std::vector<spec::BudgetSample>& measured);

  // Puts the measured seconds, where there are any, beside the scores.
  void TellTimes(spec::ScoreTable& table) const;

  // By layer of the candidates, in update `update`; -1: its own recipe.
  const std::vector<int32_t>& AssignmentAt(int64_t update) const { return state_.At(update); }

  // `table` with the rows of an assignment in place of the layers' own.
  std::vector<spec::LayerPrecision> Table(const std::vector<spec::LayerPrecision>& table,
                                          const std::vector<int32_t>& assignment) const;

  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

 private:
  int64_t num_scores() const;
  absl::Status RestoreTimes(const StateReader& reader);

  const spec::RunSpec& run_;
  spec::BudgetState state_;
};

}  // namespace fp4::trainer
