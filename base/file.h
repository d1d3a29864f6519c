// Files that survive a crash, and handles that close themselves.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fp4 {

// Owns a file descriptor; -1: none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// The whole file. NOT_FOUND, PERMISSION_DENIED, … with the path and the system's words.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);

// At most the last `max_bytes` of the file.
absl::StatusOr<std::string> ReadFileTail(const std::filesystem::path& path, size_t max_bytes);

// Replaces or makes the file so that after a crash it holds either the old or the new content:
// temporary file beside it, fsync, rename, fsync of the folder.
absl::Status WriteFileDurably(const std::filesystem::path& path, std::string_view content);

// As WriteFileDurably without the fsyncs: atomic for readers, not over a power failure. For what is
// rewritten often.
absl::Status ReplaceFile(const std::filesystem::path& path, std::string_view content);

// Writes all of `data` to `fd`, over short writes and EINTR. `name` says in an error what was
// written to: a file's path.
absl::Status WriteAll(int fd, std::string_view data, std::string_view name);

// Makes the names in a folder durable, after a file was made, renamed or removed there.
absl::Status SyncFolder(const std::filesystem::path& folder);

// An exclusive flock on `folder`/lock, made if absent, held as long as the object lives.
// FAILED_PRECONDITION when another process has it.
absl::StatusOr<UniqueFd> LockFolder(const std::filesystem::path& folder);

// The status for a failed system call; `what` says what was tried ("open /a/b"). Carries the reason
// disk_full where there is no space or no quota left.
absl::Status ErrnoStatus(int error, std::string_view what);

}  // namespace fp4
