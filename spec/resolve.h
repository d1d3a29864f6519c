// From one variant's merged document to a run: defaults filled in, values in their places.
#pragma once

#include <set>
#include <string>

#include "spec/document.h"
#include "spec/field.h"
#include "spec/problems.h"

namespace fp4::spec {

struct Resolved {
  Node document;  // every built field but seeds, variants and search, in the table's order,
                  // canonical
  RunSpec run;    // without layers
  std::set<std::string> bad;  // fields whose value did not fit and was replaced by the default
};

// `merged` has been checked; what does not fit is passed over. Reports relative paths when
// options.base_folder is empty.
Resolved Resolve(const Node& merged, const ReadOptions& options, Problems& problems);

// The same value in canonical form: numbers shortest, fields in the table's order.
Node Canonical(const Node& node, const Type& type);

}  // namespace fp4::spec
