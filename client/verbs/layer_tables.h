#pragma once

#include <string>
#include <vector>

#include "spec/document.h"

namespace fp4::client {

// What `validate` and `submit --dry-run` print: the runs, and for each variant what happens to each
// layer.
std::string FormatLayerTables(const spec::Experiment& experiment);

// The same as JSON: {"valid": true, "name", "seeds", "num_runs", "variants": [{"name", "layers",
// "document"}]}.
std::string LayerTablesJson(const spec::Experiment& experiment);

// What both print of a document that is none: {"valid": false, "errors": [{"path", "line",
// "column", "message"}]}.
std::string ProblemsJson(const std::vector<spec::Problem>& problems);

}  // namespace fp4::client
