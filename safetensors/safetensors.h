// The safetensors file format (huggingface/safetensors, "Format"): 8 bytes little-endian header
// length, a JSON object
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {text: text}}, then
// the tensors' bytes.
//
// The reader is strict, as the format's own: the offsets must tile the data without gap or overlap
// and agree with dtype and shape, no name may come twice, and the header is at most 100 MB. Any
// bytes are taken without harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::safetensors {

enum class TensorType : uint8_t {
  kBool,
  kU8,
  kI8,
  kF8E4M3,
  kF8E5M2,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kI64,
  kU64,
  kF64,
};

// The format's name for it: "BF16".
std::string_view TensorTypeName(TensorType type);

// In bytes.
int64_t TensorTypeSize(TensorType type);

// A tensor in somebody else's memory, row-major, little-endian. No dimensions: a single number.
struct TensorView {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;

  int64_t num_elements() const;
};

// A file mapped into memory. Movable; the views live as long as it does. Thread-safe.
class File {
 public:
  // NOT_FOUND and the like from the system; INVALID_ARGUMENT for what is not a safetensors file,
  // with the path and, where there is one, the tensor.
  static absl::StatusOr<File> Open(const std::filesystem::path& path);

  // By name.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  // Null when there is none of that name.
  const TensorView* Find(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::shared_ptr<const void> mapping_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Reads a header (the JSON text) against `data`, the bytes that follow it: what
// File::Open does after mapping.
absl::Status ParseHeader(std::string_view header, std::span<const std::byte> data,
                         std::vector<TensorView>& tensors,
                         std::map<std::string, std::string>& metadata);

struct WrittenFile {
  int64_t bytes = 0;
  std::string sha256;  // of the whole file, 64 hexadecimal digits
};

// Writes and fsyncs the file (not its folder); equal tensors and metadata give equal bytes, in
// whatever order they come.
absl::StatusOr<WrittenFile> Write(const std::filesystem::path& path,
                                  std::vector<TensorView> tensors,
                                  const std::map<std::string, std::string>& metadata);

}  // namespace fp4::safetensors
