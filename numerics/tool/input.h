// The tensors that fp4-quantize is given, as fp32.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "numerics/tool/options.h"
#include "safetensors/safetensors.h"

namespace fp4::numerics::tool {

// One tensor, not yet read.
struct InputTensor {
  std::string name;  // empty: raw input
  MatrixShape shape;
  safetensors::TensorType type = safetensors::TensorType::kF32;
  std::span<const std::byte> data;

  // All elements as fp32, row-major; exact, because the types that are taken are no wider.
  std::vector<float> Values() const;
};

// The tensors of the input file. Movable; `tensors` refer to memory that it owns.
class Input {
 public:
  // INVALID_ARGUMENT: the options do not fit the file (its size, the tensor's name or type);
  // anything else: the file cannot be read or is broken.
  static absl::StatusOr<Input> Open(const Options& options);

  // They live as long as this does.
  const std::vector<InputTensor>& tensors() const { return tensors_; }
  // Why a tensor of the file is left out, one line each.
  const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  static absl::StatusOr<Input> OpenRaw(const Options& options);
  static absl::StatusOr<Input> OpenSafetensors(const Options& options);

  std::vector<char> raw_;
  std::optional<safetensors::File> file_;
  std::vector<InputTensor> tensors_;
  std::vector<std::string> skipped_;
};

}  // namespace fp4::numerics::tool
