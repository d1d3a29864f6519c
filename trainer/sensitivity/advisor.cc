#include "trainer/sensitivity/advisor.h"

#include <algorithm>
#include <cmath>

#include "trainer/sensitivity/candidate_layer.h"
#include "trainer/sensitivity/exact_backward.h"
#include "trainer/sensitivity/places.h"
#include "trainer/sensitivity/scorer.h"

namespace fp4::trainer {
namespace {

// Draws of advice lie beyond those of scores.
constexpr uint64_t kAdviceDraws = uint64_t{1} << 63U;

using spec::MoveKind;
using spec::Offer;
using spec::PredictedMove;

// The directions that one half of the records shows at a place, and samples along them.
struct HalfFound {
  Directions directions;
  DirectionSamples samples;
};

// A weight that has taken the step of one half, in the offered recipe and in its own.
struct MovedTerms {
  TermSamples candidate, own;
};

// One measurement, in three passes over the batches: moments, samples along the directions that
// they give, and what formats make of weights that have taken the step along them.
class Measuring {
 public:
  Measuring(const PerturbationParts& parts, int64_t targets_per_record, spec::Activation activation,
            const std::vector<Offer>& offers, const MeasuredBatches& batches, double loss_scale,
            uint64_t draw)
      : parts_(parts),
        targets_per_record_(targets_per_record),
        activation_(activation),
        offers_(offers),
        places_(offers),
        batches_(batches),
        loss_scale_(loss_scale),
        draw_(kAdviceDraws + draw),
        layers_(places_.Layers()),
        moments_(places_.all().size()),
        found_(places_.all().size()),
        steps_(places_.all().size()),
        bits_(offers.size()) {}

  void Run() {
    Pass([this](const TwoPassObserver& observer, const SeenBatch& batch) {
      VisitPlaces(observer, batch,
                  [this](size_t p, const PlaceTensors& seen) { moments_[p].Add(seen); });
    });
    FindDirections();
    Pass([this](const TwoPassObserver& observer, const SeenBatch& batch) {
      VisitPlaces(observer, batch, [this](size_t p, const PlaceTensors& seen) {
        for (HalfFound& half : found_[p]) half.samples.Add(seen, half.directions);
      });
    });
    TakeSteps();
    if (std::ranges::none_of(offers_, IsBits)) return;
    Pass([this](const TwoPassObserver& observer, const SeenBatch& batch) {
      for (size_t o = 0; o < offers_.size(); ++o)
        if (IsBits(offers_[o]) && Reached(o)) PerturbMoved(o, observer, batch);
    });
  }

  // Whether a gradient reaches all places of the offer.
  bool Reached(size_t offer) const {
    return std::ranges::none_of(places_.Of(offer),
                                [this](size_t p) { return moments_[p].empty(); });
  }

  // Both halves' gains have their mean; they come from different records.
  Gain GainOfUnits(size_t offer) const {
    Gain sum;
    for (const size_t p : places_.Of(offer)) {
      for (int half = 0; half < kHalves; ++half) {
        const DirectionSamples& samples = found_[p][static_cast<size_t>(half)].samples;
        const Gain gain =
            GainOf(samples.first(kHalves - 1 - half), samples.second(), offers_[offer].units);
        sum.gain += gain.gain / kHalves;
        sum.variance += gain.variance / (kHalves * kHalves);
      }
    }
    return sum;
  }

  // Of the step and then the recipe, beyond what the step gains in the recipe that the layer has:
  // that needs no bits.
  Gain GainOfBits(size_t offer) const {
    Gain sum;
    for (size_t h = 0; h < kHalves; ++h) {
      const Estimate moved = EstimateOf(bits_[offer][h].candidate);
      const Estimate kept = EstimateOf(bits_[offer][h].own);
      sum.gain += (std::min(kept.loss_change, 0.0) - moved.loss_change) / kHalves;
      sum.variance += moved.standard_error * moved.standard_error / (kHalves * kHalves);
    }
    return sum;
  }

 private:
  static bool IsBits(const Offer& offer) { return offer.move.kind == MoveKind::kBits; }

  template <typename Visit>
  void Pass(const Visit& visit) {
    int64_t first_record = 0;
    for (int64_t b = 0; b < batches_.count; ++b) {
      const Batch batch = batches_.get(b);
      const int64_t records = batch.inputs.size(0);
      const SeenBatch seen{.records = records,
                           .targets = records * targets_per_record_,
                           .first_record = first_record,
                           .loss_scale = loss_scale_};
      TwoPassObserver observer(layers_);
      ComputeTwice({parts_.model, parts_.parameters, parts_.context}, batch, seen.targets,
                   loss_scale_, draw_ + static_cast<uint64_t>(b), observer);
      const at::NoGradGuard no_grad;
      visit(observer, seen);
      first_record += records;
    }
  }

  template <typename Visit>
  void VisitPlaces(const TwoPassObserver& observer, const SeenBatch& batch, const Visit& visit) {
    for (size_t p = 0; p < places_.all().size(); ++p) {
      const auto seen = SeenAt(places_.all()[p], observer, parts_.model, activation_, batch);
      if (seen) visit(p, *seen);
    }
  }

  void FindDirections() {
    for (size_t p = 0; p < places_.all().size(); ++p) {
      if (moments_[p].empty()) continue;
      const Place& place = places_.all()[p];
      const DirectionFinder finder(moments_[p], ReachAt(place, parts_.model));
      for (int half = 0; half < kHalves; ++half)
        found_[p][static_cast<size_t>(half)].directions = finder.Find(half, place.directions);
    }
  }

  void TakeSteps() {
    for (size_t p = 0; p < places_.all().size(); ++p) {
      if (moments_[p].empty() || !places_.all()[p].is_weight) continue;
      for (size_t h = 0; h < kHalves; ++h) {
        const DirectionSamples& samples = found_[p][h].samples;
        steps_[p][h] =
            StepOf(found_[p][h].directions, samples.first(static_cast<int>(h)), samples.second());
      }
    }
  }

  // The weight takes the step of one half's records, and gets the recipe; the other half's records
  // say what that changes.
  void PerturbMoved(size_t o, const TwoPassObserver& observer, const SeenBatch& batch) {
    const Offer& offer = offers_[o];
    const size_t p = places_.Of(o).front();
    const auto seen = SeenAt(places_.all()[p], observer, parts_.model, activation_, batch);
    const spec::LayerPrecision& row = parts_.candidates.layers[offer.layer][offer.candidate].row;
    const LayerNow now = NowOf(parts_.model, offer.move.layer, observer.held(offer.move.layer));
    const CandidateLayer candidate(row, parts_.compute_type, parts_.context, parts_.backend);
    const CandidateLayer own(*now.row, parts_.compute_type, parts_.context, parts_.backend);
    for (size_t h = 0; h < kHalves; ++h) {
      const at::Tensor moved = now.weight.to(at::kFloat) + steps_[p][h].to(now.weight.device());
      const int other = kHalves - 1 - static_cast<int>(h);
      AddRecordTerms(*seen, candidate.Change(now, candidate.Weight(moved)), other,
                     bits_[o][h].candidate);
      AddRecordTerms(*seen, own.Change(now, own.Weight(moved)), other, bits_[o][h].own);
    }
  }

  const PerturbationParts& parts_;
  const int64_t targets_per_record_;
  const spec::Activation activation_;
  const std::vector<Offer>& offers_;
  const Places places_;
  const MeasuredBatches& batches_;
  const double loss_scale_;
  const uint64_t draw_;
  const std::vector<std::string> layers_;
  std::vector<PlaceMoments> moments_;                   // by place, and so the next two
  std::vector<std::array<HalfFound, kHalves>> found_;   // by the half that directions come from
  std::vector<std::array<at::Tensor, kHalves>> steps_;  // of weights, likewise
  std::vector<std::array<MovedTerms, kHalves>> bits_;   // by offer
};

// What the score of the layer under that recipe says that it gains; 0 without one.
double ScoredGain(const spec::Move& move, const spec::ScoreTable& scores) {
  const auto layer = std::ranges::find(scores.layers, move.layer, &spec::LayerScores::layer);
  if (layer == scores.layers.end()) return 0;
  const auto score = std::ranges::find(layer->scores, move.recipe, &spec::Score::recipe);
  return score == layer->scores.end() ? 0 : -score->loss_change;
}

}  // namespace

std::vector<PredictedMove> Advisor::Predict(const std::vector<Offer>& offers,
                                            const spec::ScoreTable& scores,
                                            const MeasuredBatches& batches, double loss_scale,
                                            uint64_t draw) const {
  const ExactBackward exact(parts_.model);
  const std::string layer = parts_.context.layer;
  Measuring measuring(parts_, targets_per_record_, activation_, offers, batches, loss_scale, draw);
  measuring.Run();
  parts_.context.layer = layer;
  std::vector<PredictedMove> moves;
  for (size_t o = 0; o < offers.size(); ++o) {
    if (!measuring.Reached(o)) continue;
    const bool bits = offers[o].move.kind == MoveKind::kBits;
    Gain gain = bits ? measuring.GainOfBits(o) : measuring.GainOfUnits(o);
    if (bits) gain.gain = std::max(gain.gain, ScoredGain(offers[o].move, scores));
    moves.push_back({.move = offers[o].move,
                     .extra_bytes = offers[o].extra_bytes,
                     .gain = gain.gain,
                     .standard_error = std::sqrt(gain.variance)});
  }
  SortMoves(moves);
  return moves;
}

}  // namespace fp4::trainer
