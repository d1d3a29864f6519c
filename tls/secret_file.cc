#include "tls/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace fp4::tls {
namespace {

constexpr size_t kMaxBytes = 64 << 10;

// Of the file that is open, so that nobody can put another in its place meanwhile.
absl::Status CheckMode(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, absl::StrCat("look at ", path.string()));
  if (!S_ISREG(info.st_mode)) {
    return absl::PermissionDeniedError(absl::StrCat(path.string(), " is no regular file"));
  }
  if ((info.st_mode & 077) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrFormat(
      "%s has the mode %04o: others may read or change what is secret; chmod 600 it", path.string(),
      info.st_mode & 07777));
}

absl::Status WriteNew(const std::filesystem::path& path, std::string_view content) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("make ", path.string()));
  FP4_RETURN_IF_ERROR(WriteAll(fd.get(), content, path.string()));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("write ", path.string()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(const std::filesystem::path& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  FP4_RETURN_IF_ERROR(CheckMode(fd.get(), path));
  std::string content(kMaxBytes + 1, '\0');
  size_t have = 0;
  while (have < content.size()) {
    const ssize_t n = read(fd.get(), content.data() + have, content.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("read ", path.string()));
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  if (have > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path.string(), " has more than ", kMaxBytes, " bytes"));
  }
  content.resize(have);
  return std::string(absl::StripAsciiWhitespace(content));
}

absl::Status MakeSecretFile(const std::filesystem::path& path, std::string_view content) {
  return WriteNew(path, content);
}

absl::Status ReplaceSecretFile(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path beside = path.string() + ".new";
  unlink(beside.c_str());
  FP4_RETURN_IF_ERROR(WriteNew(beside, content));
  if (rename(beside.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("replace ", path.string()));
  }
  return absl::OkStatus();
}

}  // namespace fp4::tls
