// One change that advice on capacity looks at, and what it predicts of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fp4::spec {

enum class MoveKind : uint8_t {
  kBits,   // a layer gets a recipe with more bytes
  kUnits,  // a layer gets more outputs
  kLayer,  // one more layer of that width
};
std::string_view MoveKindName(MoveKind kind);  // "bits", "units", "layer"

struct Move {
  MoveKind kind = MoveKind::kBits;
  std::string layer = {};   // "layers.1"; of all blocks "blocks.*.mlp.up"
  std::string recipe = {};  // of kBits
  int64_t units = 0;        // of kUnits

  // What the variant of a document is called that makes it: "layers.1-plus-2",
  // "layers.3-as-int8", "layers.1-and-another".
  std::string name() const;
};

// Losses are means over targets, in nats (of vectors: squared errors).
struct PredictedMove {
  Move move;
  int64_t extra_bytes = 0;  // of the stored weights of the whole model
  double gain = 0;          // predicted fall of the loss
  double standard_error = 0;

  double gain_per_byte() const;
};

// The layer where most can be gained comes first, with all its moves, the largest gain per byte
// first: a byte may buy more elsewhere, where there is little to buy.
void SortMoves(std::vector<PredictedMove>& moves);

// The table for people, in the order given: a row for each move.
std::string FormatMoves(const std::vector<PredictedMove>& moves);

}  // namespace fp4::spec
