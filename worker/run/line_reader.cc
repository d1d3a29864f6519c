#include "worker/run/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace fp4::worker {
namespace {

absl::StatusOr<size_t> ReadAt(int fd, std::string& buffer, size_t at, int64_t offset) {
  while (true) {
    ssize_t n = pread(fd, buffer.data() + at, buffer.size() - at, offset);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR) return ErrnoStatus(errno, "read");
  }
}

// Up to `size` bytes from `offset`; fewer at the end of the file.
absl::StatusOr<std::string> ReadBlock(int fd, int64_t offset, size_t size) {
  std::string block(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    absl::StatusOr<size_t> n = ReadAt(fd, block, filled, offset + static_cast<int64_t>(filled));
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    filled += *n;
  }
  block.resize(filled);
  return block;
}

std::vector<Line> Split(const std::string& block, int64_t offset, size_t max_lines) {
  std::vector<Line> lines;
  size_t start = 0;
  while (lines.size() < max_lines) {
    size_t newline = block.find('\n', start);
    if (newline == std::string::npos) break;
    lines.push_back(
        {block.substr(start, newline - start), offset + static_cast<int64_t>(newline) + 1});
    start = newline + 1;
  }
  return lines;
}

}  // namespace

absl::StatusOr<std::vector<Line>> ReadLines(const std::filesystem::path& path, int64_t offset,
                                            const ReadLimits& limits) {
  // The trainer wrote it: neither a link is followed nor a pipe waited for.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::vector<Line>{};
    return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  }
  // A block without a newline that is not the file's end holds part of a long line: look at more of
  // it.
  for (size_t size = limits.max_bytes;; size = std::min(2 * size, kMaxLineBytes + 1)) {
    absl::StatusOr<std::string> block = ReadBlock(fd.get(), offset, size);
    if (!block.ok()) return block.status();
    std::vector<Line> lines = Split(*block, offset, limits.max_lines);
    if (!lines.empty() || block->size() < size) return lines;
    if (size > kMaxLineBytes) {
      return absl::DataLossError(absl::StrCat(path.string(), ": the line at byte ", offset,
                                              " is longer than ", kMaxLineBytes, " bytes"));
    }
  }
}

}  // namespace fp4::worker
