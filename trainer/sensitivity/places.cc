#include "trainer/sensitivity/places.h"

#include <algorithm>
#include <set>

#include "trainer/model/activation.h"
#include "trainer/sensitivity/candidate_layer.h"

namespace fp4::trainer {
namespace {

// Of a weight that is freed: the leading ones do nearly all.
constexpr int64_t kWeightDirections = 16;

bool SamePlace(const Place& a, const Place& b) {
  return a.is_weight == b.is_weight && a.where.source == b.where.source &&
         a.where.target == b.where.target && a.where.before_target == b.where.before_target;
}

Place WeightOf(const std::string& layer) {
  return {.where = {.source = layer, .target = layer},
          .is_weight = true,
          .directions = kWeightDirections};
}

}  // namespace

Places::Places(const std::vector<spec::Offer>& offers) {
  for (const spec::Offer& offer : offers) {
    std::vector<size_t>& own = by_offer_.emplace_back();
    if (offer.move.kind == spec::MoveKind::kBits) {
      own.push_back(Add(WeightOf(offer.move.layer)));
      continue;
    }
    for (const spec::UnitPlace& where : offer.places)
      own.push_back(Add({.where = where, .directions = offer.units}));
  }
}

size_t Places::Add(const Place& place) {
  const auto same = std::ranges::find_if(
      places_, [&place](const Place& other) { return SamePlace(place, other); });
  if (same == places_.end()) {
    places_.push_back(place);
    return places_.size() - 1;
  }
  same->directions = std::max(same->directions, place.directions);
  return static_cast<size_t>(same - places_.begin());
}

std::vector<std::string> Places::Layers() const {
  std::set<std::string> layers;
  for (const Place& place : places_) layers.insert({place.where.source, place.where.target});
  return {layers.begin(), layers.end()};
}

std::optional<PlaceTensors> SeenAt(const Place& place, const TwoPassObserver& observer,
                                   const Model& model, spec::Activation activation,
                                   const SeenBatch& batch) {
  const HeldLayer& source = observer.held(place.where.source);
  const HeldLayer& target = observer.held(place.where.target);
  if (target.gradients.empty()) return std::nullopt;
  PlaceTensors seen{
      .input = InFloat(place.is_weight ? source.operand : source.input),
      .read = {},
      .gradient = InFloat(at::cat(target.gradients)) / batch.loss_scale,
      .sampled_gradient = InFloat(at::cat(target.sampled_gradients)) / batch.loss_scale,
      .records = batch.records,
      .targets = batch.targets,
      .first_record = batch.first_record};
  if (!place.is_weight) seen.read = InFloat(target.operand);
  if (place.where.before_target) {
    const at::Tensor weight = InFloat(LayerOf(model, place.where.target).weight());
    seen.input = Activate(activation, seen.input);
    seen.gradient = at::mm(seen.gradient, weight);
    seen.sampled_gradient = at::mm(seen.sampled_gradient, weight);
  }
  TORCH_CHECK(seen.input.size(0) == seen.gradient.size(0), "the input of ", place.where.source,
              " and the output of ", place.where.target, " have different rows");
  return seen;
}

at::Tensor ReachAt(const Place& place, const Model& model) {
  return place.where.linear ? LayerOf(model, place.where.target).weight() : at::Tensor();
}

}  // namespace fp4::trainer
