#pragma once

#include <optional>

#include "trainer/health/finding.h"
#include "trainer/model/parameters.h"

namespace fp4::trainer {

// Why the update of `step` must not be applied: its loss or the norm of its gradients is not
// finite. Names the first tensor whose gradient is to blame. Nothing when both are finite.
std::optional<Finding> FindNonFinite(int64_t step, double loss, double gradient_norm,
                                     const ParameterSet& parameters);

}  // namespace fp4::trainer
