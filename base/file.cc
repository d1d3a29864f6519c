#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4 {
namespace {

absl::StatusOr<UniqueFd> Open(const std::filesystem::path& path, int flags) {
  int fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  return UniqueFd(fd);
}

absl::Status ReadAll(int fd, std::string& content, const std::filesystem::path& path) {
  char buffer[1 << 16];
  while (true) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n == 0) return absl::OkStatus();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("read ", path.string()));
    content.append(buffer, n);
  }
}

absl::Status Replace(const std::filesystem::path& path, std::string_view content, bool durable) {
  std::filesystem::path temporary = path;
  temporary += absl::StrCat(".tmp-", getpid());
  // Whoever else may write to the folder may have put a link there in its name.
  unlink(temporary.c_str());
  FP4_ASSIGN_OR_RETURN(UniqueFd fd, Open(temporary, O_WRONLY | O_CREAT | O_EXCL));
  absl::Status status = WriteAll(fd.get(), content, temporary.string());
  if (status.ok() && durable && fsync(fd.get()) != 0) {
    status = ErrnoStatus(errno, absl::StrCat("fsync ", temporary.string()));
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, absl::StrCat("rename ", temporary.string()));
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return durable ? SyncFolder(path.parent_path()) : absl::OkStatus();
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path) {
  FP4_ASSIGN_OR_RETURN(UniqueFd fd, Open(path, O_RDONLY));
  std::string content;
  FP4_RETURN_IF_ERROR(ReadAll(fd.get(), content, path));
  return content;
}

absl::StatusOr<std::string> ReadFileTail(const std::filesystem::path& path, size_t max_bytes) {
  FP4_ASSIGN_OR_RETURN(UniqueFd fd, Open(path, O_RDONLY));
  off_t size = lseek(fd.get(), 0, SEEK_END);
  off_t start = size > static_cast<off_t>(max_bytes) ? size - static_cast<off_t>(max_bytes) : 0;
  if (size < 0 || lseek(fd.get(), start, SEEK_SET) < 0) {
    return ErrnoStatus(errno, absl::StrCat("seek ", path.string()));
  }
  std::string content;
  FP4_RETURN_IF_ERROR(ReadAll(fd.get(), content, path));
  return content;
}

absl::Status WriteFileDurably(const std::filesystem::path& path, std::string_view content) {
  return Replace(path, content, /*durable=*/true);
}

absl::Status ReplaceFile(const std::filesystem::path& path, std::string_view content) {
  return Replace(path, content, /*durable=*/false);
}

absl::Status WriteAll(int fd, std::string_view data, std::string_view name) {
  while (!data.empty()) {
    ssize_t n = write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("write ", std::string(name)));
    data.remove_prefix(n);
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::filesystem::path& folder) {
  FP4_ASSIGN_OR_RETURN(UniqueFd fd, Open(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("fsync ", folder.string()));
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> LockFolder(const std::filesystem::path& folder) {
  FP4_ASSIGN_OR_RETURN(UniqueFd fd, Open(folder / "lock", O_RDWR | O_CREAT));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, absl::StrCat("lock ", folder.string()));
    return absl::FailedPreconditionError(absl::StrCat("another process uses ", folder.string()));
  }
  return fd;
}

absl::Status ErrnoStatus(int error, std::string_view what) {
  absl::Status status = absl::ErrnoToStatus(error, {what.data(), what.size()});
  if (error != ENOSPC && error != EDQUOT) return status;
  return ErrorWithReason(status.code(), reason::kDiskFull,
                         {status.message().data(), status.message().size()});
}

}  // namespace fp4
