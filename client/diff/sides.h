// What the two arguments of `fp4ctl diff` stand for.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/context.h"

namespace fp4::client {

// One variant of an experiment or of a document, or one run.
struct DiffSide {
  std::string label;     // "k7x2m9qd:fp4", "run b2c3d4e5", "fp4.json:baseline"
  std::string variant;   // its name
  std::string document;  // resolved
  std::string started;   // of a run that has begun: what its trainer said of itself, JSON
};

// `argument` is a run, an experiment, the file of a document, or one of the latter two with
// ":VARIANT" behind it. All variants of an experiment or a document, one side for a run. Problems
// of a document are printed (BadDocument); an unknown id or variant is NoSuch. Only what is not a
// file needs a controller.
absl::StatusOr<std::vector<DiffSide>> ReadDiffSides(Context& context, const std::string& argument);

struct DiffPair {
  DiffSide a, b;
};

struct DiffPairs {
  std::vector<DiffPair> pairs;              // in a's order
  std::vector<std::string> only_a, only_b;  // variants without a partner
};

// Two single sides are a pair whatever they are called; else variants of one name are. An error
// when there is no pair.
absl::StatusOr<DiffPairs> PairSides(std::vector<DiffSide> a, std::vector<DiffSide> b);

}  // namespace fp4::client
