// What the trainer can do today. Whatever the document can say beyond this is refused by name,
// never ignored; when the trainer learns something, it is taken out here (and `built` set in the
// table of fields).
#pragma once

#include <string>
#include <vector>

#include "spec/recipes.h"

namespace fp4::spec {

// What a bundle needs that is not built yet, each once: "quantized gradients", "the format
// 'mxfp4'".
std::vector<std::string> UnbuiltFeatures(const Bundle& bundle);

}  // namespace fp4::spec
