#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/checkpoint/state.h"
#include "trainer/model/model.h"
#include "trainer/precision/operand.h"

namespace fp4::trainer {

// A switch of one layer, with the numbers behind it.
struct PrecisionSwitch {
  std::string layer;
  bool high = false;  // to the high precision, or back
  double gradient = 0, error = 0;
};

// Takes layers out of their low precision while it does them harm, and back. Of each layer, after
// the backward pass of an update, two means are followed (moving averages, 0.9 an update): r of
// |G|, the gradient before clipping, and e of |Q(W) - W|, Q the low precision's weight quantizer;
// with `relative` both as shares of mean |W|. A layer goes to high when one of them has been above
// its bound for `patience` updates in a row, and back when all have been below `release` times
// theirs for as long; never within `dwell` updates of its last switch. Not thread-safe; what it is
// made from outlives it.
class AdaptivePrecision : public Stateful {
 public:
  AdaptivePrecision(const spec::RunSpec& run, Model& model, const StepContext& context,
                    Backend& backend);

  // Looks at the gradients of `update`. `low`: the table by which it was computed without switches.
  // The switches hold from the next update on.
  std::vector<PrecisionSwitch> Observe(int64_t update,
                                       const std::vector<spec::LayerPrecision>& low);

  // Which of the layers that are watched are in high at `update`.
  std::vector<bool> HighAt(int64_t update) const;
  // `low` with the rows of those.
  std::vector<spec::LayerPrecision> Table(const std::vector<spec::LayerPrecision>& low,
                                          const std::vector<bool>& high) const;

  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

 private:
  struct Watch {
    QuantizedLayer* layer = nullptr;
    const spec::LayerPrecision* high_row = nullptr;
    bool high = false;                               // from the update after last_switch on
    double gradient = 0, error = 0;                  // moving averages
    int64_t observed = 0;                            // updates that they are of
    int64_t in_a_row = 0;                            // updates that spoke for a switch
    int64_t last_switch = 0;                         // the update; 0: none
    std::optional<OperandQuantizer> quantizer = {};  // of the low precision's weight
    spec::OperandPrecision quantizer_of = {};
  };

  const OperandQuantizer& QuantizerOf(Watch& watch, const spec::LayerPrecision& low) const;
  void Follow(Watch& watch, const spec::LayerPrecision& low) const;
  bool SpeaksForSwitch(const Watch& watch) const;

  const spec::AdaptiveSpec spec_;
  const StepContext& context_;
  Backend& backend_;
  std::vector<Watch> watches_;
};

}  // namespace fp4::trainer
