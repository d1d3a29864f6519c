#pragma once

#include <string>
#include <vector>

namespace fp4::client {

// The same layers in fewer words, as patterns that a document's rules understand:
// "blocks.0.mlp.up", "blocks.1.mlp.up", "blocks.1.mlp.down", "blocks.0.mlp.down" become
// "blocks.{0..1}.mlp.{up,down}". In the order of first appearance.
std::vector<std::string> GroupLayers(const std::vector<std::string>& layers);

}  // namespace fp4::client
