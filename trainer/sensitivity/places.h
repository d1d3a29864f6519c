// The places of a model where advice looks for gains, and what one micro-batch shows there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spec/advice/offer.h"
#include "trainer/sensitivity/directions.h"
#include "trainer/sensitivity/perturbation.h"
#include "trainer/sensitivity/two_passes.h"

namespace fp4::trainer {

// Where units would stand, or the weight of a layer that would be freed of its format.
struct Place {
  spec::UnitPlace where;  // of a weight: source and target are its layer
  bool is_weight = false;
  int64_t directions = 0;  // that are looked for
};

// The places of the offers, each once.
class Places {
 public:
  explicit Places(const std::vector<spec::Offer>& offers);

  const std::vector<Place>& all() const { return places_; }
  // Of units and layers, as offer.places; of bits the layer's weight alone.
  const std::vector<size_t>& Of(size_t offer) const { return by_offer_[offer]; }
  // The layers that have to be seen.
  std::vector<std::string> Layers() const;

 private:
  size_t Add(const Place& place);

  std::vector<Place> places_;
  std::vector<std::vector<size_t>> by_offer_;
};

struct SeenBatch {
  int64_t records = 0, targets = 0, first_record = 0;
  double loss_scale = 1;
};

// What `observer` has seen at a place; nothing where no gradient reaches it.
std::optional<PlaceTensors> SeenAt(const Place& place, const TwoPassObserver& observer,
                                   const Model& model, spec::Activation activation,
                                   const SeenBatch& batch);

// The outputs at the place that the weights there reach (DirectionFinder), or undefined.
at::Tensor ReachAt(const Place& place, const Model& model);

}  // namespace fp4::trainer
