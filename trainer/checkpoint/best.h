#pragma once

#include <string>

#include "spec/run_spec.h"

namespace fp4::trainer {

// The best checkpoints are chosen among those whose own step was evaluated. A sentence for the user
// when only the last one is, although there are checkpoints and evaluations before it; else empty.
// Pure.
std::string WarningOfNoBest(const spec::RunSpec& run);

}  // namespace fp4::trainer
