// How a model could get more units or one more layer: what its kind (spec/model_kinds.h) knows of
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::spec {

// Where new units would stand. They read what `source` reads, and what they say is added to the
// output of `target`, which reads them.
struct UnitPlace {
  std::string source, target;  // layers
  // Nothing but the two matrices stands between: neither an activation nor a norm.
  bool linear = false;
  // The units are a layer of their own before `target`, which is `source` too: what they say is
  // added to its input.
  bool before_target = false;
};

// One wider or deeper model.
struct CapacityMove {
  bool adds_layer = false;  // else units
  std::string layer;  // that gets units, or behind which the new layer stands; may be a pattern
  int64_t units = 0;  // at each of the places
  std::vector<UnitPlace> places;
  std::string model_change = {};  // a JSON merge patch of the section "model"
  // Layers "layers.N" with N above this have one number more afterwards; -1: none.
  int64_t renumbers_after = -1;
};

// Of the kind of `model`, smallest first at each place. A document may still refuse one, as where
// blocks of a format do not divide the new width. Empty: the kind does not say how.
std::vector<CapacityMove> CapacityMoves(const ModelSpec& model);

}  // namespace fp4::spec
