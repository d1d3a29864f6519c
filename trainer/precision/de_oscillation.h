#pragma once

#include <vector>

#include "trainer/checkpoint/state.h"
#include "trainer/model/model.h"

namespace fp4::trainer {

// Stops weights that jump to and fro between two numbers of their format (the reset of ALTO and
// TetraJet-v2). Over a window of `period` updates it adds up, for each element of each weight that
// is quantized, how far the master moved and how far its quantized value did; where the second is
// at least `ratio` times the first, the master becomes its quantized value at the window's end. The
// element with the tensor's largest magnitude is left as it is: it sets the scale of all others. A
// layer whose precision changes begins a new window. Costs four fp32 numbers for each weight.
// Not thread-safe; the model outlives it.
class DeOscillation : public Stateful {
 public:
  DeOscillation(const spec::DeOscillationSpec& spec, Model& model);

  // The precision of these layers has changed: their windows begin anew.
  void Forget(const std::vector<QuantizedLayer*>& layers);

  // After each update, when the weights have been quantized anew. True: masters have changed, and
  // the weights have to be quantized again.
  bool AfterUpdate(int64_t update);

  void Save(StateSnapshot& snapshot) const override;
  absl::Status Restore(const StateReader& reader) override;

 private:
  struct Track {
    QuantizedLayer* layer = nullptr;
    at::Tensor previous = {}, previous_quantized = {};  // of the last update; undefined: not begun
    at::Tensor distance = {}, quantized_distance = {};  // sums of magnitudes over the window
  };

  void Begin(Track& track) const;
  static void Add(Track& track);
  bool Reset(Track& track) const;

  const spec::DeOscillationSpec spec_;
  std::vector<Track> tracks_;
  int64_t updates_ = 0;  // of the window
};

}  // namespace fp4::trainer
