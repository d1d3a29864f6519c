#include "trainer/precision/de_oscillation.h"

#include <algorithm>

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr char kPrevious[] = "precision.de_oscillation.previous.";
constexpr char kPreviousQuantized[] = "precision.de_oscillation.previous_quantized.";
constexpr char kDistance[] = "precision.de_oscillation.distance.";
constexpr char kQuantizedDistance[] = "precision.de_oscillation.quantized_distance.";
constexpr char kUpdates[] = "precision.de_oscillation.updates";

}  // namespace

DeOscillation::DeOscillation(const spec::DeOscillationSpec& spec, Model& model) : spec_(spec) {
  for (QuantizedLayer* layer : model.layers()) tracks_.push_back({.layer = layer});
}

void DeOscillation::Begin(Track& track) const {
  const at::Tensor master = track.layer->master().detach();
  track.previous = master.clone();
  track.previous_quantized = track.layer->weight().to(at::kFloat, /*non_blocking=*/false,
                                                      /*copy=*/true);
  track.distance = at::zeros_like(master, at::kFloat);
  track.quantized_distance = at::zeros_like(master, at::kFloat);
}

void DeOscillation::Add(Track& track) {
  const at::Tensor master = track.layer->master().detach();
  const at::Tensor quantized = track.layer->weight().to(at::kFloat);
  track.distance.add_((master - track.previous).abs_());
  track.quantized_distance.add_((quantized - track.previous_quantized).abs_());
  track.previous.copy_(master);
  track.previous_quantized.copy_(quantized);
}

bool DeOscillation::Reset(Track& track) const {
  at::Tensor master = track.layer->master().detach();
  at::Tensor oscillates =
      track.distance.gt(0).logical_and_(track.quantized_distance.ge(track.distance * spec_.ratio));
  const at::Tensor magnitude = master.abs();
  oscillates.logical_and_(magnitude.lt(magnitude.max()));
  const bool any = oscillates.any().item<bool>();
  if (any) {
    const at::Tensor quantized = track.layer->weight().to(master.scalar_type());
    master.copy_(at::where(oscillates, quantized, master));
    track.previous.copy_(master);
  }
  track.distance.zero_();
  track.quantized_distance.zero_();
  return any;
}

void DeOscillation::Forget(const std::vector<QuantizedLayer*>& layers) {
  for (Track& track : tracks_) {
    if (std::ranges::find(layers, track.layer) != layers.end()) track = {.layer = track.layer};
  }
}

bool DeOscillation::AfterUpdate(int64_t update) {
  if (update < spec_.from_step) return false;
  at::NoGradGuard no_grad;
  for (Track& track : tracks_) {
    if (!track.layer->weight_quantized()) {
      track = {.layer = track.layer};  // a layer that comes back begins anew
    } else if (!track.previous.defined()) {
      Begin(track);
    } else {
      Add(track);
    }
  }
  if (++updates_ <= spec_.period) return false;  // the first update only gives the values to begin
  updates_ = 1;
  bool changed = false;
  for (Track& track : tracks_) {
    if (track.previous.defined() && Reset(track)) changed = true;
  }
  return changed;
}

void DeOscillation::Save(StateSnapshot& snapshot) const {
  snapshot.AddCount(kUpdates, updates_);
  for (const Track& track : tracks_) {
    if (!track.previous.defined()) continue;
    const std::string& name = track.layer->name();
    snapshot.Add(kPrevious + name, track.previous);
    snapshot.Add(kPreviousQuantized + name, track.previous_quantized);
    snapshot.Add(kDistance + name, track.distance);
    snapshot.Add(kQuantizedDistance + name, track.quantized_distance);
  }
}

absl::Status DeOscillation::Restore(const StateReader& reader) {
  FP4_ASSIGN_OR_RETURN(updates_, reader.ReadCount(kUpdates));
  for (Track& track : tracks_) {
    const std::string& name = track.layer->name();
    if (!reader.Has(kPrevious + name)) continue;
    const at::Tensor like = at::empty_like(track.layer->master().detach(), at::kFloat);
    FP4_ASSIGN_OR_RETURN(track.previous,
                         reader.ReadLike(kPrevious + name, track.layer->master().detach()));
    FP4_ASSIGN_OR_RETURN(track.previous_quantized,
                         reader.ReadLike(kPreviousQuantized + name, like));
    FP4_ASSIGN_OR_RETURN(track.distance, reader.ReadLike(kDistance + name, like));
    FP4_ASSIGN_OR_RETURN(track.quantized_distance,
                         reader.ReadLike(kQuantizedDistance + name, like));
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
