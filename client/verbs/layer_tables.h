#pragma once

#include <string>

#include "spec/document.h"

namespace fp4::client {

// What `validate` and `submit --dry-run` print: the runs, and for each variant what happens to each
// layer.
std::string FormatLayerTables(const spec::Experiment& experiment);

// The same as JSON: {"valid": true, "name", "seeds", "num_runs", "variants": [{"name", "layers",
// "document"}]}.
std::string LayerTablesJson(const spec::Experiment& experiment);

}  // namespace fp4::client
