#include "base/file_start.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4 {

absl::StatusOr<std::string> ReadStart(int fd, std::string_view name, size_t max_bytes) {
  std::string content;
  char buffer[1 << 16];
  while (content.size() < max_bytes) {
    const ssize_t n = read(fd, buffer, std::min(sizeof buffer, max_bytes - content.size()));
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("read ", std::string(name)));
    content.append(buffer, n);
  }
  return content;
}

absl::StatusOr<std::string> ReadFileStart(const std::filesystem::path& path, size_t max_bytes) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  return ReadStart(fd.get(), path.string(), max_bytes);
}

}  // namespace fp4
