// From the section "precision" to the table of what is quantized where.
#pragma once

#include "spec/problems.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// `precision` is the section of the document, canonical (fields in the table's order: operands
// before GEMMs); parts of it that do not fit their types are passed over (Check has reported them).
// `run` gives the model and the batch. The table is whole even when there are problems.
// `with_unbuilt`: see ReadOptions.
std::vector<LayerPrecision> ResolvePrecision(const Node& precision, const RunSpec& run,
                                             bool with_unbuilt, Problems& problems);

}  // namespace fp4::spec
