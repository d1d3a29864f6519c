#include "trainer/data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4::trainer {

absl::StatusOr<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat attributes;
  if (!fd.valid() || fstat(fd.get(), &attributes) != 0) {
    return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  }
  if (!S_ISREG(attributes.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": is not a regular file"));
  }
  const size_t size = static_cast<size_t>(attributes.st_size);
  if (size == 0) return MappedFile(std::string_view());
  void* start = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (start == MAP_FAILED) return ErrnoStatus(errno, absl::StrCat("mmap ", path.string()));
  return MappedFile(std::string_view(static_cast<const char*>(start), size));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace fp4::trainer
