#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "trainer/precision/adaptive.h"
#include "trainer/precision/byte_budget.h"
#include "trainer/precision/de_oscillation.h"

namespace fp4::trainer {

// All that changes the precision of a model while it trains: the schedule, the switches of adaptive
// precision or of a byte budget on top of it, and the resets of oscillating weights. Where the
// document asks for none of them it does nothing but quantize the weights after each update. Not
// thread-safe; what it is made from outlives it.
class PrecisionControl {
 public:
  PrecisionControl(const spec::RunSpec& run, Model& model, const StepContext& context,
                   Backend& backend);

  // When all states are restored: puts the model into the precision of the last of `updates`
  // updates that are done, by which it is evaluated now.
  void Begin(int64_t updates);

  // Puts the model into the precision of update `update` (from 1), before it is computed.
  void BeginUpdate(int64_t update);

  // When the gradients of the update are complete, before clipping. The switches hold from the next
  // update on.
  std::vector<PrecisionSwitch> ObserveGradients(int64_t update);

  // When the masters have changed: quantizes the weights anew.
  void AfterUpdate(int64_t update);

  // When the update is left out: the masters are what they were, and what is random in the weights
  // is drawn anew for the next update.
  void UpdateLeftOut() { model_.Refresh(); }

  // Null: the document has none.
  ByteBudget* budget() { return budget_ ? &*budget_ : nullptr; }

  // The parts of it that have a state.
  std::vector<Stateful*> stateful();

 private:
  // Gives the layers for which the update's precision is a change.
  std::vector<QuantizedLayer*> UseTableOf(int64_t update);

  const spec::RunSpec& run_;
  Model& model_;
  std::optional<AdaptivePrecision> adaptive_;
  std::optional<ByteBudget> budget_;
  std::optional<DeOscillation> de_oscillation_;
  // What the model's table is of; null: not chosen yet.
  const std::vector<spec::LayerPrecision>* low_ = nullptr;
  std::vector<bool> high_;           // the layers that adaptive precision has switched
  std::vector<int32_t> assignment_;  // of the budget
};

}  // namespace fp4::trainer
