// The layers that are scored under several recipes: of the sections "sensitivity" and
// "precision.budget".
#pragma once

#include <string>

#include "spec/problems.h"
#include "spec/recipe_book.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// The fields that say it, with their places; a field that is left out stands at its default.
struct CandidateFields {
  const Node& recipes;  // a list of names
  Path recipes_path;
  const Node& match;  // a pattern
  Path match_path;
  // The document names none: those of the default that fit no layer are left out, without a word.
  bool recipes_by_default = false;
};

// The layers that match, but for look-ups and for those that use another layer's matrix, each with
// the recipes that fit it. Problems: a recipe that is not known, a named one that fits none of the
// layers, or one whose weights a learned estimator makes; a pattern without such a layer; a layer
// that nothing fits.
Candidates ResolveCandidates(const CandidateFields& fields, const RunSpec& run, RecipeBook& recipes,
                             Problems& problems);

}  // namespace fp4::spec
