// Where two documents differ, field by field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fp4::spec {

// Values as compact JSON; empty: the field is not there. A field of a run's document that is not
// there stands at its default.
struct FieldDifference {
  std::string path;  // "model.tie_embeddings", "precision.rules[0].use"
  std::string left, right;
  bool operator==(const FieldDifference&) const = default;
};

// In the order of `left`, what only `right` has after it. Objects are compared by member; lists of
// equal length that hold objects by item, other lists as a whole; numbers as they are written,
// which in canonical documents is one way for each value. A text that is no JSON differs as a
// whole, under the path "".
std::vector<FieldDifference> DifferencesOf(std::string_view left, std::string_view right);

}  // namespace fp4::spec
