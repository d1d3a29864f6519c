#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"

namespace fp4 {

// What tells, without reading it, that a file is the one that it was: the inode, its size, and when
// its content was last changed (nanoseconds since 1970). A write in place changes the time, cutting
// it off the size too, replacing it by another file the inode.
struct FileIdentity {
  uint64_t device = 0, inode = 0;
  int64_t size = 0;  // bytes
  int64_t modified_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Of an open file; the system's error otherwise, which names `path`.
absl::StatusOr<FileIdentity> IdentityOf(int fd, const std::filesystem::path& path);

// Of the file that `path` names now.
absl::StatusOr<FileIdentity> IdentityOf(const std::filesystem::path& path);

}  // namespace fp4
