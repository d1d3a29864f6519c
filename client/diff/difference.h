// What differs between two runs or variants: fields of their documents, layers, and where they were
// computed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/diff/sides.h"
#include "spec/document_diff.h"

namespace fp4::client {

using spec::FieldDifference;

struct LayerDifference {
  std::string layer;
  std::vector<FieldDifference> fields;  // paths as in `validate -o json`; "layer": only one has it
};

struct Difference {
  std::vector<FieldDifference> document;
  std::vector<LayerDifference> layers;   // in a's order, then b's
  std::vector<FieldDifference> started;  // of two runs: versions, device, threads, data, …
  double weight_bytes_a = 0, weight_bytes_b = 0;  // of all layers, a shared matrix once

  bool empty() const { return document.empty() && layers.empty() && started.empty(); }
};

Difference DifferenceOf(const DiffSide& a, const DiffSide& b);

}  // namespace fp4::client
