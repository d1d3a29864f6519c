#pragma once

#include <filesystem>

namespace fp4::trainer {

// While it lives, a mapped file that somebody cuts off meanwhile ends the process with its name on
// stderr and exit status 1 (kExitFailed), instead of a bus error without a word. One at a time;
// made and destroyed by the thread that reads the file.
class MappedReadGuard {
 public:
  explicit MappedReadGuard(const std::filesystem::path& file);
  ~MappedReadGuard();
  MappedReadGuard(const MappedReadGuard&) = delete;
  MappedReadGuard& operator=(const MappedReadGuard&) = delete;
};

}  // namespace fp4::trainer
