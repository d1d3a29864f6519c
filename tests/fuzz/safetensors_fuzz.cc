// Any bytes are taken as a safetensors file: no crash, no hang, and what is accepted holds together
// (views inside the data, sizes as dtype and shape say, nothing left over) and is read again the
// same after it is written. The header is given as is, the data that follow it are zeros.
// First two bytes: how many bytes of data follow the header; the rest: the header's JSON.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "numerics/tool/input.h"
#include "safetensors/header.h"
#include "safetensors/safetensors.h"

namespace {

using namespace fp4;
using namespace fp4::numerics;

void Require(bool holds) {
  if (!holds) std::abort();
}

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = [] {
    std::string name =
        (std::filesystem::temp_directory_path() / "safetensors-fuzz-XXXXXX").string();
    Require(mkdtemp(name.data()) != nullptr);
    return std::filesystem::path(name);
  }();
  return folder;
}

void CheckTensors(const std::vector<safetensors::TensorView>& tensors,
                  std::span<const std::byte> data) {
  size_t total = 0;
  for (const safetensors::TensorView& tensor : tensors) {
    uint64_t elements = 1;
    for (int64_t dimension : tensor.shape) {
      Require(dimension >= 0);
      elements *= static_cast<uint64_t>(dimension);
    }
    const bool known = tensor.type != safetensors::TensorType::kUnknown;
    const auto bits = static_cast<uint64_t>(safetensors::TensorTypeBits(tensor.type));
    Require(!known || elements * bits == 8 * tensor.data.size());
    Require(tensor.num_elements() == static_cast<int64_t>(elements));
    Require(tensor.data.empty() ||
            (tensor.data.data() >= data.data() &&
             tensor.data.data() + tensor.data.size() <= data.data() + data.size()));
    total += tensor.data.size();
  }
  Require(total == data.size());
}

// Through the tool's reader, which makes matrices of fp32 of the tensors that it takes.
void ReadAsTool(const std::filesystem::path& path) {
  tool::Options options;
  options.input = path;
  absl::StatusOr<tool::Input> input = tool::Input::Open(options);
  if (!input.ok()) {
    Require(!input.status().message().empty());
    return;
  }
  for (const tool::InputTensor& tensor : input->tensors())
    Require(static_cast<int64_t>(tensor.Values().size()) == tensor.shape.size());
}

void CheckWrittenAgain(const std::vector<safetensors::TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::filesystem::path path = Folder() / "written";
  Require(safetensors::Write(path, tensors, metadata).ok());
  const absl::StatusOr<safetensors::File> file = safetensors::File::Open(path);
  Require(file.ok() && file->metadata() == metadata && file->tensors().size() == tensors.size());
  for (const safetensors::TensorView& tensor : tensors) {
    const safetensors::TensorView* found = file->Find(tensor.name);
    Require(found != nullptr && found->type == tensor.type && found->shape == tensor.shape);
    Require(std::ranges::equal(found->data, tensor.data));
  }
}

// The whole file, its length field included.
void CheckFile(std::string_view bytes) {
  const std::filesystem::path path = Folder() / "file";
  Require(fp4::ReplaceFile(path, bytes).ok());
  const absl::StatusOr<safetensors::File> file = safetensors::File::Open(path);
  if (!file.ok()) Require(file.status().message().find(path.string()) != std::string::npos);
  ReadAsTool(path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t data_bytes = data[0] + 256u * (data[1] % 16);
  const std::string_view header = all.substr(2);
  const std::vector<std::byte> zeros(data_bytes);

  std::vector<safetensors::TensorView> tensors;
  std::map<std::string, std::string> metadata;
  const absl::Status status = safetensors::ParseHeader(header, zeros, tensors, metadata);
  if (!status.ok()) {
    Require(!status.message().empty());
  } else {
    CheckTensors(tensors, zeros);
    CheckWrittenAgain(tensors, metadata);
  }
  if (data[1] & 0x80) return CheckFile(all.substr(2)), 0;
  if (!status.ok() && data[1] & 0x70) return 0;  // files cost more than parsing
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  file.append(header).append(data_bytes, '\0');
  CheckFile(file);
  return 0;
}
