// The tensors of a model, as one list. Everything that knows a model by its tensors is made from
// it: the parameters of the trainer and their names in checkpoints, the layers that precision rules
// match, the sizes of the GEMMs, the bytes of the layer table, and which tensors decay.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::spec {

enum class TensorRole : uint8_t {
  kLookup,  // a table of which single rows are read; no GEMM
  kLinear,  // the weight of a GEMM
  kNorm,    // the scale of a normalization; no layer of its own for rules and tables
};

// One tensor. The layer that it belongs to has its name without ".weight".
struct TensorInfo {
  std::string name;  // "blocks.0.attention.qkv.weight", as checkpoints have it
  TensorRole role = TensorRole::kLinear;
  // (out, in) of a matrix, (out, in, k, k) of a convolution, (d) of a norm's scale.
  std::vector<int64_t> shape;
  // Standard deviation of the normal distribution of the initial values; 0: they are all 1.
  double init_std = 0;
  // Of a GEMM's weight: rows of its input for each record (a window, an image, a vector).
  int64_t rows_per_record = 0;
  // Whether it belongs to the repeated body of the model, which precision.default names, and not
  // to its embedding, head or classifier.
  bool in_body = false;
  // The name of another tensor that holds the values of this one too, as with tied embeddings;
  // empty: it has values of its own.
  std::string shares = {};
  // Rows of the matrices that are stacked along `out`, such as those of q, k and v; empty: the
  // tensor is one matrix.
  std::vector<int64_t> stacked_rows = {};

  // What rules, tables and reports call it: "blocks.0.attention.qkv".
  std::string layer() const { return name.substr(0, name.rfind('.')); }
  bool is_layer() const { return role != TensorRole::kNorm; }
  // Weights of more dimensions are matrices as (out, rest): for decay and for a GEMM alike.
  bool is_matrix() const { return shape.size() >= 2; }
  int64_t num_elements() const;
  // The weight as a matrix (out_features, in_features).
  int64_t out_features() const { return shape.front(); }
  int64_t in_features() const { return num_elements() / shape.front(); }
};

// In the model's order. A tied head stands in it, with `shares` set: its GEMM is there.
std::vector<TensorInfo> ModelTensors(const ModelSpec& model);

// Those of it that rules match, in the same order.
std::vector<TensorInfo> ModelLayers(const ModelSpec& model);

// Trained values, each counted once.
int64_t NumParameters(const ModelSpec& model);

// "blocks.3.mlp.up" is "mlp.up" of number 3 of "blocks".
struct LayerName {
  std::string stem;       // "blocks"; the whole name outside of a numbered group
  int64_t number = -1;    // -1: none
  std::string rest = {};  // "mlp.up"; empty where the number is the last segment
};
LayerName SplitLayerName(const std::string& layer);

}  // namespace fp4::spec
