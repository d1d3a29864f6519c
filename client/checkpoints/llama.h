// A transformer's weights in the names and the layout of Hugging Face's LlamaForCausalLM
// (transformers, models/llama), so that other programs load them.
//
// Their rotary turns a pair (a, b) of the halves of a head to (a cos − b sin, b cos + a sin), ours
// to (a cos + b sin, b cos − a sin): theirs on (b, a) is ours on (a, b). So the halves of each head
// are exchanged in the rows of q and k; their products, and with them the scores, stay the same.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "safetensors/safetensors.h"
#include "spec/run_spec.h"

namespace fp4::client {

// FAILED_PRECONDITION with all that a Llama has not: another model kind, an activation without a
// gate, another rotary, sub-norms, a scaled embedding.
absl::Status CheckIsLlama(const spec::ModelSpec& model);

// Tensors for a file, and the memory of those that are not views of the state.
struct ExportedTensors {
  std::vector<safetensors::TensorView> tensors;
  std::vector<std::string> storage;
};

// `state` is a checkpoint of that model and outlives the result. DATA_LOSS names a tensor that is
// missing or has another shape.
absl::StatusOr<ExportedTensors> ToLlama(const spec::ModelSpec& model,
                                        const safetensors::File& state);

// The model's tensors under their own names, without optimizer state and the like.
absl::StatusOr<ExportedTensors> ToPlain(const spec::ModelSpec& model,
                                        const safetensors::File& state);

// config.json of such a model, one JSON object.
std::string LlamaConfig(const spec::ModelSpec& model);

}  // namespace fp4::client
