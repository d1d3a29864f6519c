#pragma once

#include <vector>

#include "spec/run_spec.h"

namespace fp4::trainer {

// The precision table by which update `update` (from 1) is computed: the run's own, or that of the
// last phase which has begun. An evaluation after `update` updates uses the table of that update,
// before the first that of update 1.
const std::vector<spec::LayerPrecision>& TableAt(const spec::RunSpec& run, int64_t update);

}  // namespace fp4::trainer
