#include "trainer/precision/control.h"

#include <algorithm>
#include <utility>

#include "trainer/precision/schedule.h"

namespace fp4::trainer {

PrecisionControl::PrecisionControl(const spec::RunSpec& run, Model& model,
                                   const StepContext& context, Backend& backend)
    : run_(run), model_(model) {
  if (run.adaptive.on) adaptive_.emplace(run, model, context, backend);
  if (run.budget.on) budget_.emplace(run);
  if (run.de_oscillation.period > 0) de_oscillation_.emplace(run.de_oscillation, model);
}

std::vector<QuantizedLayer*> PrecisionControl::UseTableOf(int64_t update) {
  if (run_.phases.empty() && !adaptive_ && !budget_) return {};
  const std::vector<spec::LayerPrecision>& low = TableAt(run_, update);
  std::vector<bool> high = adaptive_ ? adaptive_->HighAt(update) : std::vector<bool>();
  std::vector<int32_t> assignment =
      budget_ ? budget_->AssignmentAt(update) : std::vector<int32_t>();
  if (&low == low_ && high == high_ && assignment == assignment_) return {};
  low_ = &low;
  high_ = std::move(high);
  assignment_ = std::move(assignment);
  if (budget_) return model_.Use(budget_->Table(low, assignment_));
  return model_.Use(adaptive_ ? adaptive_->Table(low, high_) : low);
}

void PrecisionControl::Begin(int64_t updates) { UseTableOf(std::max<int64_t>(updates, 1)); }

void PrecisionControl::BeginUpdate(int64_t update) {
  const std::vector<QuantizedLayer*> changed = UseTableOf(update);
  if (de_oscillation_) de_oscillation_->Forget(changed);
}

std::vector<PrecisionSwitch> PrecisionControl::ObserveGradients(int64_t update) {
  if (!adaptive_) return {};
  return adaptive_->Observe(update, TableAt(run_, update));
}

void PrecisionControl::AfterUpdate(int64_t update) {
  model_.Refresh();
  if (de_oscillation_ && de_oscillation_->AfterUpdate(update)) model_.Refresh();
}

std::vector<Stateful*> PrecisionControl::stateful() {
  std::vector<Stateful*> parts;
  if (adaptive_) parts.push_back(&*adaptive_);
  if (budget_) parts.push_back(&*budget_);
  if (de_oscillation_) parts.push_back(&*de_oscillation_);
  return parts;
}

}  // namespace fp4::trainer
