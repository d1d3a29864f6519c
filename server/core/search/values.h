// Which values of the searched fields a point of a search has. Pure: point i has the same values
// whatever happened to the others, so a search goes on after a restart as if there had been none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/search_spec.h"

namespace fp4::core {

struct FieldValue {
  std::string field;  // "optimizer.learning_rate"
  std::string json;   // "0.001"
  bool operator==(const FieldValue&) const = default;
};

// One for each axis, in their order. Of a grid: all combinations, the last axis fastest; a whole
// number is rounded, and a single value lies in the middle. Else drawn: axis and seed key the
// generator (Philox), the point counts it; log_int is even in the logarithm from min - 1/2 to
// max + 1/2, so that each whole number gets its share. `point` is at least 0, of a grid below
// NumPoints.
std::vector<FieldValue> PointValues(const spec::SearchSpec& search, int64_t point);

// Of the grid, or SearchSpec::max_trials where that is less; of the other methods max_trials.
int64_t NumPoints(const spec::SearchSpec& search);

// {"optimizer.learning_rate":0.001}
std::string ValuesJson(const std::vector<FieldValue>& values);

}  // namespace fp4::core
