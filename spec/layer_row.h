#pragma once

#include <string>

#include "spec/model_tensors.h"
#include "spec/recipes.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// The row of the table of a layer whose weight is `tensor`, computed as `bundle` says. `recipe` is
// the name that people see.
LayerPrecision LayerRow(const TensorInfo& tensor, const std::string& recipe, const Bundle& bundle);

}  // namespace fp4::spec
