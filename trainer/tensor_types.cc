#include "trainer/tensor_types.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace fp4::trainer {
namespace {

using safetensors::TensorType;

struct Row {
  TensorType file;
  at::ScalarType torch;
};

constexpr std::array kTypes = {
    Row{TensorType::kBool, at::kBool},
    Row{TensorType::kU8, at::kByte},
    Row{TensorType::kI8, at::kChar},
    Row{TensorType::kF8E4M3, at::kFloat8_e4m3fn},
    Row{TensorType::kF8E5M2, at::kFloat8_e5m2},
    Row{TensorType::kI16, at::kShort},
    Row{TensorType::kU16, at::kUInt16},
    Row{TensorType::kF16, at::kHalf},
    Row{TensorType::kBF16, at::kBFloat16},
    Row{TensorType::kI32, at::kInt},
    Row{TensorType::kU32, at::kUInt32},
    Row{TensorType::kF32, at::kFloat},
    Row{TensorType::kI64, at::kLong},
    Row{TensorType::kU64, at::kUInt64},
    Row{TensorType::kF64, at::kDouble},
};

}  // namespace

std::optional<at::ScalarType> ScalarTypeOf(TensorType type) {
  const auto* row = std::ranges::find(kTypes, type, &Row::file);
  return row == kTypes.end() ? std::nullopt : std::optional(row->torch);
}

std::optional<TensorType> TensorTypeOf(at::ScalarType type) {
  const auto* row = std::ranges::find(kTypes, type, &Row::torch);
  return row == kTypes.end() ? std::nullopt : std::optional(row->file);
}

std::optional<at::Tensor> TensorOver(const safetensors::TensorView& view) {
  std::optional<at::ScalarType> type = ScalarTypeOf(view.type);
  if (!type) return std::nullopt;
  return at::from_blob(const_cast<std::byte*>(view.data.data()), view.shape, *type);
}

}  // namespace fp4::trainer
