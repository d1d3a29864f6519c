// The moves that a run's document offers: which bits, units and layers it could have more of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/advice/capacity.h"
#include "spec/advice/move.h"
#include "spec/run_spec.h"

namespace fp4::spec {

struct Offer {
  Move move;
  int64_t extra_bytes = 0;  // of the stored weights of the whole model, as the layer table counts
  std::string change;       // a JSON merge patch of the document: what a variant would say
  // Of kBits: where the recipe stands in run.sensitivity.candidates.layers.
  size_t layer = 0, candidate = 0;
  // Of the other kinds: where units are added, and how many at each place.
  std::vector<UnitPlace> places = {};
  int64_t units = 0;
};

// Every move that the document takes without a complaint and that leaves all else as it is. Bits:
// for each layer of run.sensitivity.candidates each of its candidates with more bytes, unless
// precision.budget, .schedule or .adaptive decide on bits. `run_document` is the resolved one of
// `run` (RunDocument).
std::vector<Offer> OfferMoves(const RunSpec& run, std::string_view run_document);

}  // namespace fp4::spec
