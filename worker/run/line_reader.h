#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::worker {

struct Line {
  std::string text;        // without its newline
  int64_t end_offset = 0;  // of the byte after the newline
};

// How much one call may read.
struct ReadLimits {
  size_t max_lines = 1000;
  size_t max_bytes = 1 << 20;
};

// A longer line is no event: the log is broken.
inline constexpr size_t kMaxLineBytes = 3 << 20;

// Complete lines of a file that another process appends to, from `offset` (the start of a line) on;
// what has no newline yet is left. Empty: there is nothing more now, or no file yet. A single line
// may exceed max_bytes. DATA_LOSS: a line longer than kMaxLineBytes. The file is open during the
// call only.
absl::StatusOr<std::vector<Line>> ReadLines(const std::filesystem::path& path, int64_t offset,
                                            const ReadLimits& limits);

}  // namespace fp4::worker
