// What the next byte would buy: the predicted gain of more bits, more units and one more layer at
// every place that a document offers. docs/advice.md has the derivation.
#pragma once

#include <functional>
#include <vector>

#include "spec/advice/offer.h"
#include "spec/score_table.h"
#include "trainer/sensitivity/perturbation.h"

namespace fp4::trainer {

// The micro-batches that a measurement looks at; each is asked for several times.
struct MeasuredBatches {
  int64_t count = 0;
  std::function<Batch(int64_t)> get;  // 0 … count - 1; the same every time
};

class Advisor {
 public:
  // Outlived by all that it is given.
  Advisor(const PerturbationParts& parts, int64_t targets_per_record, spec::Activation activation)
      : parts_(parts), targets_per_record_(targets_per_record), activation_(activation) {}

  // The gain of each offer, in the order of SortMoves; one at a layer that no gradient reaches is
  // left out. `scores` are those of the same weights: more bits gain at least what they say. The
  // model, its gradients and parts.context are afterwards as they were, to the bit. `draw`: names
  // the random numbers; another one for each call.
  std::vector<spec::PredictedMove> Predict(const std::vector<spec::Offer>& offers,
                                           const spec::ScoreTable& scores,
                                           const MeasuredBatches& batches, double loss_scale,
                                           uint64_t draw) const;

 private:
  const PerturbationParts parts_;
  const int64_t targets_per_record_;
  const spec::Activation activation_;
};

}  // namespace fp4::trainer
