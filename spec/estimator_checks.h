#pragma once

#include <string>

#include "spec/run_spec.h"

namespace fp4::spec {

// What is wrong with a layer's estimator, or with where its operands come from; empty: nothing. A
// sentence for after the path of the field, with the layer.
std::string EstimatorFault(const LayerPrecision& layer);

}  // namespace fp4::spec
