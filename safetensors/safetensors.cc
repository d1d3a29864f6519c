#include "safetensors/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "safetensors/header.h"

namespace fp4::safetensors {
namespace {

static_assert(std::endian::native == std::endian::little);

template <typename... Pieces>
absl::Status InvalidFile(const Pieces&... pieces) {
  return NotSafetensors(absl::StrCat(pieces...));
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
  if (!S_ISREG(info.st_mode)) return InvalidFile(path.string(), " is not a regular file");
  if (info.st_size < 8) return InvalidFile(path.string(), " has ", info.st_size, " bytes");
  auto mapping = std::make_shared<Mapping>();
  void* address = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return ErrnoStatus(errno, absl::StrCat("map ", path.string()));
  mapping->address = address;
  mapping->size = info.st_size;
  return mapping;
}

// Larger elements first, so that each tensor is aligned to its element; by name among equals.
bool FileOrder(const TensorView& a, const TensorView& b) {
  const int bits_a = TensorTypeBits(a.type), bits_b = TensorTypeBits(b.type);
  return bits_a != bits_b ? bits_a > bits_b : a.name < b.name;
}

}  // namespace

absl::StatusOr<File> File::Open(const std::filesystem::path& path) {
  FP4_ASSIGN_OR_RETURN(std::shared_ptr<Mapping> mapping, Map(path));
  const auto* bytes = static_cast<const std::byte*>(mapping->address);
  uint64_t length = 0;
  std::memcpy(&length, bytes, sizeof length);
  if (length > kMaxHeaderBytes || length > mapping->size - 8) {
    return InvalidFile(path.string(), ": a header of ", length, " bytes in a file of ",
                       mapping->size);
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
    return WriteAll(fd.get(), bytes, path.string());
  };
  std::string header = MakeHeader(tensors, metadata);
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
