// The one table of element types between LibTorch and safetensors files.
#pragma once

#include <optional>

#include "safetensors/safetensors.h"
#include "trainer/torch.h"

namespace fp4::trainer {

// Nothing for a type that the other side does not have.
std::optional<at::ScalarType> ScalarTypeOf(safetensors::TensorType type);
std::optional<safetensors::TensorType> TensorTypeOf(at::ScalarType type);

// A CPU tensor over the file's own bytes, which must outlive it; nothing for a type that LibTorch
// does not have.
std::optional<at::Tensor> TensorOver(const safetensors::TensorView& view);

}  // namespace fp4::trainer
