// The safetensors file format (huggingface/safetensors, "Format"): 8 bytes little-endian header
// length, a JSON object
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {text: text}}, then
// the tensors' bytes.
//
// The reader is strict, as the format's own: the offsets must tile the data without gap or overlap
// and agree with dtype and shape, no name may come twice, and the header is at most 100 MB. Any
// bytes are taken without harm. A tensor of a type that a later version of the format has added
// does not make the file unreadable: it is listed as TensorType::kUnknown, with the name of its
// type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "safetensors/tensor.h"

namespace fp4::safetensors {

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

// What Write has made.
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
