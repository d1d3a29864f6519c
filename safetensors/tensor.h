// A tensor of a safetensors file: its name, its type, its shape and its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fp4::safetensors {

// The element types of the format, as its version 0.8 lists them.
enum class TensorType : uint8_t {
  kBool,
  kF4,  // two elements a byte, as all types below 8 bits packed without gaps
  kF6E2M3,
  kF6E3M2,
  kU8,
  kI8,
  kF8E4M3,
  kF8E5M2,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,
  kI64,
  kU64,
  kF64,
  kUnknown,  // of a later version of the format: the file says its name, nobody here its size
};

// The type of that name ("BF16"); kUnknown when this version of the program does not know it.
TensorType FindTensorType(std::string_view name);

// The format's name for it: "BF16"; of kUnknown "unknown".
std::string_view TensorTypeName(TensorType type);

// Of one element; 0 of kUnknown.
int TensorTypeBits(TensorType type);

// A tensor in somebody else's memory, row-major, little-endian. Without dimensions it is a single
// number.
struct TensorView {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
  std::string unknown_type = {};  // of kUnknown: the name in the file

  // The product of the shape, which a file's tensors have been checked not to overflow.
  int64_t num_elements() const;
  // The type's name, for messages.
  std::string_view type_name() const;
};

}  // namespace fp4::safetensors
