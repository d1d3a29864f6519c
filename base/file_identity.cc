#include "base/file_identity.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4 {
namespace {

absl::StatusOr<FileIdentity> Identity(int result, const struct stat& attributes,
                                      const std::filesystem::path& path) {
  if (result != 0) return ErrnoStatus(errno, absl::StrCat("stat ", path.string()));
  return FileIdentity{
      .device = attributes.st_dev,
      .inode = attributes.st_ino,
      .size = attributes.st_size,
      .modified_ns = attributes.st_mtim.tv_sec * 1'000'000'000 + attributes.st_mtim.tv_nsec};
}

}  // namespace

absl::StatusOr<FileIdentity> IdentityOf(int fd, const std::filesystem::path& path) {
  struct stat attributes {};
  const int result = fstat(fd, &attributes);
  return Identity(result, attributes, path);
}

absl::StatusOr<FileIdentity> IdentityOf(const std::filesystem::path& path) {
  struct stat attributes {};
  const int result = stat(path.c_str(), &attributes);
  return Identity(result, attributes, path);
}

}  // namespace fp4
