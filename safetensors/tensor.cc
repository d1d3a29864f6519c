#include "safetensors/tensor.h"

#include <algorithm>
#include <iterator>

namespace fp4::safetensors {
namespace {

struct Row {
  std::string_view name;
  int bits;
  TensorType type;
};

// In the order of the enumeration.
constexpr Row kTypes[] = {
    {"BOOL", 8, TensorType::kBool},
    {"F4", 4, TensorType::kF4},
    {"F6_E2M3", 6, TensorType::kF6E2M3},
    {"F6_E3M2", 6, TensorType::kF6E3M2},
    {"U8", 8, TensorType::kU8},
    {"I8", 8, TensorType::kI8},
    {"F8_E4M3", 8, TensorType::kF8E4M3},
    {"F8_E5M2", 8, TensorType::kF8E5M2},
    {"F8_E8M0", 8, TensorType::kF8E8M0},
    {"F8_E4M3FNUZ", 8, TensorType::kF8E4M3Fnuz},
    {"F8_E5M2FNUZ", 8, TensorType::kF8E5M2Fnuz},
    {"I16", 16, TensorType::kI16},
    {"U16", 16, TensorType::kU16},
    {"F16", 16, TensorType::kF16},
    {"BF16", 16, TensorType::kBF16},
    {"I32", 32, TensorType::kI32},
    {"U32", 32, TensorType::kU32},
    {"F32", 32, TensorType::kF32},
    {"C64", 64, TensorType::kC64},
    {"I64", 64, TensorType::kI64},
    {"U64", 64, TensorType::kU64},
    {"F64", 64, TensorType::kF64},
    {"unknown", 0, TensorType::kUnknown},
};

consteval bool IsInOrder() {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].type != static_cast<TensorType>(i)) return false;
  }
  return std::size(kTypes) == static_cast<size_t>(TensorType::kUnknown) + 1;
}
static_assert(IsInOrder());

const Row& RowOf(TensorType type) { return kTypes[static_cast<size_t>(type)]; }

}  // namespace

TensorType FindTensorType(std::string_view name) {
  const Row* unknown = std::end(kTypes) - 1;
  return std::find_if(kTypes, unknown, [&](const Row& row) { return row.name == name; })->type;
}

std::string_view TensorTypeName(TensorType type) { return RowOf(type).name; }

int TensorTypeBits(TensorType type) { return RowOf(type).bits; }

int64_t TensorView::num_elements() const {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

std::string_view TensorView::type_name() const {
  return type == TensorType::kUnknown ? std::string_view(unknown_type) : TensorTypeName(type);
}

}  // namespace fp4::safetensors
