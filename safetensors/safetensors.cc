#include "safetensors/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace fp4::safetensors {
namespace {

static_assert(std::endian::native == std::endian::little);

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
// The lists in a tensor's object lie at depth 2. Deeper values are not even kept: some of what is
// done with a JSON value recurses.
constexpr int kMaxDepth = 4;

struct TypeRow {
  TensorType type;
  std::string_view name;
  int64_t size;
};
constexpr TypeRow kTypes[] = {
    {TensorType::kBool, "BOOL", 1},      {TensorType::kU8, "U8", 1},
    {TensorType::kI8, "I8", 1},          {TensorType::kF8E4M3, "F8_E4M3", 1},
    {TensorType::kF8E5M2, "F8_E5M2", 1}, {TensorType::kI16, "I16", 2},
    {TensorType::kU16, "U16", 2},        {TensorType::kF16, "F16", 2},
    {TensorType::kBF16, "BF16", 2},      {TensorType::kI32, "I32", 4},
    {TensorType::kU32, "U32", 4},        {TensorType::kF32, "F32", 4},
    {TensorType::kI64, "I64", 8},        {TensorType::kU64, "U64", 8},
    {TensorType::kF64, "F64", 8},
};

template <typename... Pieces>
absl::Status Invalid(const Pieces&... pieces) {
  return absl::InvalidArgumentError(absl::StrCat("not a safetensors file: ", pieces...));
}

// A JSON text with checks that nlohmann's parser does not make: no name twice in one object, no
// deep nesting.
absl::StatusOr<Json> ParseStrictly(std::string_view text) {
  std::vector<std::set<std::string>> names;
  std::string duplicate;
  bool too_deep = false;
  auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) {
      too_deep = true;
      return false;
    }
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key &&
        !names.back().insert(parsed.get<std::string>()).second) {
      duplicate = parsed.get<std::string>();
    }
    return true;
  };
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Invalid("the header is not JSON");
  if (too_deep) return Invalid("the header nests deeper than ", kMaxDepth);
  if (!duplicate.empty()) return Invalid("'", duplicate, "' comes twice in the header");
  if (!json.is_object()) return Invalid("the header is not a JSON object");
  return json;
}

absl::Status ReadMetadata(const Json& json, std::map<std::string, std::string>& metadata) {
  if (!json.is_object()) return Invalid("__metadata__ is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return Invalid("__metadata__.", key, " is not a text");
    metadata[key] = value.get<std::string>();
  }
  return absl::OkStatus();
}

// The bytes that a tensor of this shape and type needs; nothing when that does not fit 63 bits.
std::optional<uint64_t> NeededBytes(const std::vector<int64_t>& shape, TensorType type) {
  uint64_t bytes = TensorTypeSize(type);
  for (int64_t dimension : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes) || bytes >> 63)
      return {};
  }
  return bytes;
}

absl::StatusOr<TensorView> ReadTensor(const std::string& name, const Json& json,
                                      std::span<const std::byte> data) {
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    return Invalid("'", name, "' needs dtype, shape and data_offsets, and nothing else");
  }
  TensorView tensor;
  tensor.name = name;
  const TypeRow* row = nullptr;
  for (const TypeRow& candidate : kTypes) {
    if (json["dtype"].is_string() && json["dtype"].get<std::string>() == candidate.name)
      row = &candidate;
  }
  if (row == nullptr)
    return Invalid("'", name, "' has the unknown dtype ",
                   json["dtype"].dump(-1, ' ', true, Json::error_handler_t::replace));
  tensor.type = row->type;
  auto is_size = [](const Json& value) {
    return value.is_number_unsigned() && value.get<uint64_t>() >> 63 == 0;
  };
  if (!json["shape"].is_array() || !std::ranges::all_of(json["shape"], is_size)) {
    return Invalid("the shape of '", name, "' is not a list of sizes");
  }
  tensor.shape = json["shape"].get<std::vector<int64_t>>();
  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !std::ranges::all_of(offsets, is_size)) {
    return Invalid("the data_offsets of '", name, "' are not two sizes");
  }
  uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
  if (begin > end || end > data.size()) {
    return Invalid("'", name, "' lies at ", begin, "..", end, " of ", data.size(), " bytes");
  }
  std::optional<uint64_t> needed = NeededBytes(tensor.shape, tensor.type);
  if (!needed || *needed != end - begin) {
    return Invalid("'", name, "' has ", end - begin,
                   " bytes, which its dtype and shape do not give");
  }
  tensor.data = data.subspan(begin, end - begin);
  return tensor;
}

// Every byte belongs to exactly one tensor.
absl::Status CheckTiling(const std::vector<TensorView>& tensors, std::span<const std::byte> data) {
  std::vector<std::pair<const std::byte*, const std::byte*>> ranges;
  for (const TensorView& tensor : tensors) {
    ranges.emplace_back(tensor.data.data(), tensor.data.data() + tensor.data.size());
  }
  std::ranges::sort(ranges);
  const std::byte* position = data.data();
  for (const auto& [begin, end] : ranges) {
    if (begin != position)
      return Invalid("the tensors leave a gap or overlap at byte ", position - data.data());
    position = end;
  }
  if (position != data.data() + data.size()) {
    return Invalid(data.data() + data.size() - position, " bytes at the end belong to no tensor");
  }
  return absl::OkStatus();
}

struct Mapping {
  void* address = nullptr;
  size_t size = 0;
  ~Mapping() {
    if (address != nullptr) munmap(address, size);
  }
};

absl::StatusOr<std::shared_ptr<Mapping>> Map(const std::filesystem::path& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, absl::StrCat("stat ", path.string()));
  if (!S_ISREG(info.st_mode)) return Invalid(path.string(), " is not a regular file");
  if (info.st_size < 8) return Invalid(path.string(), " has ", info.st_size, " bytes");
  auto mapping = std::make_shared<Mapping>();
  void* address = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return ErrnoStatus(errno, absl::StrCat("map ", path.string()));
  mapping->address = address;
  mapping->size = info.st_size;
  return mapping;
}

// Larger elements first, so that each tensor is aligned to its element; by name among equals.
bool FileOrder(const TensorView& a, const TensorView& b) {
  int64_t size_a = TensorTypeSize(a.type), size_b = TensorTypeSize(b.type);
  return size_a != size_b ? size_a > size_b : a.name < b.name;
}

std::string HeaderText(const std::vector<TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    int64_t end = offset + static_cast<int64_t>(tensor.data.size());
    header[tensor.name] = {{"dtype", TensorTypeName(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

std::string_view TensorTypeName(TensorType type) { return kTypes[static_cast<size_t>(type)].name; }

int64_t TensorTypeSize(TensorType type) { return kTypes[static_cast<size_t>(type)].size; }

int64_t TensorView::num_elements() const {
  return static_cast<int64_t>(data.size()) / TensorTypeSize(type);
}

absl::Status ParseHeader(std::string_view header, std::span<const std::byte> data,
                         std::vector<TensorView>& tensors,
                         std::map<std::string, std::string>& metadata) {
  FP4_ASSIGN_OR_RETURN(Json json, ParseStrictly(header));
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      FP4_RETURN_IF_ERROR(ReadMetadata(value, metadata));
      continue;
    }
    FP4_ASSIGN_OR_RETURN(TensorView tensor, ReadTensor(name, value, data));
    tensors.push_back(std::move(tensor));
  }
  return CheckTiling(tensors, data);
}

absl::StatusOr<File> File::Open(const std::filesystem::path& path) {
  FP4_ASSIGN_OR_RETURN(std::shared_ptr<Mapping> mapping, Map(path));
  const auto* bytes = static_cast<const std::byte*>(mapping->address);
  uint64_t length = 0;
  std::memcpy(&length, bytes, sizeof length);
  if (length > kMaxHeaderBytes || length > mapping->size - 8) {
    return Invalid(path.string(), ": a header of ", length, " bytes in a file of ", mapping->size);
  }
  std::string_view header(reinterpret_cast<const char*>(bytes) + 8, length);
  File file;
  absl::Status status = ParseHeader(header, {bytes + 8 + length, mapping->size - 8 - length},
                                    file.tensors_, file.metadata_);
  if (!status.ok())
    return absl::Status(status.code(), absl::StrCat(path.string(), ": ", status.message()));
  file.mapping_ = std::move(mapping);
  return file;
}

const TensorView* File::Find(std::string_view name) const {
  auto found = std::ranges::lower_bound(
      tensors_, name, {}, [](const TensorView& t) { return std::string_view(t.name); });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

absl::StatusOr<WrittenFile> Write(const std::filesystem::path& path,
                                  std::vector<TensorView> tensors,
                                  const std::map<std::string, std::string>& metadata) {
  std::ranges::sort(tensors, FileOrder);
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  Sha256 hash;
  WrittenFile written;
  auto write = [&](std::string_view bytes) {
    hash.Update(bytes);
    written.bytes += static_cast<int64_t>(bytes.size());
    return WriteAll(fd.get(), bytes);
  };
  std::string header = HeaderText(tensors, metadata);
  uint64_t length = header.size();
  FP4_RETURN_IF_ERROR(write({reinterpret_cast<const char*>(&length), sizeof length}));
  FP4_RETURN_IF_ERROR(write(header));
  for (const TensorView& tensor : tensors) {
    FP4_RETURN_IF_ERROR(
        write({reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()}));
  }
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("fsync ", path.string()));
  written.sha256 = hash.HexDigest();
  return written;
}

}  // namespace fp4::safetensors
