// The layers of a model as patterns, for messages: one pattern stands for the layers of all blocks
// that are alike.
#pragma once

#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::spec {

// Every layer of the model, in its order: "embedding", "blocks.{0..3}.attention.qkv", …, "lm_head".
std::vector<std::string> LayerPatterns(const ModelSpec& model);

// What a user may have meant by a pattern that matches nothing: "blocks.**", for one that is
// mistyped. Empty: nothing is near.
std::string NearestLayerPattern(const std::string& pattern, const ModelSpec& model);

}  // namespace fp4::spec
