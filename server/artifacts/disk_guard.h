#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/status.h"

namespace fp4::artifacts {

// Whether a disk has room for new work. Thread-safe.
class DiskGuard {
 public:
  DiskGuard(std::filesystem::path folder, int64_t min_free_bytes)
      : folder_(std::move(folder)), min_free_bytes_(min_free_bytes) {}

  // UNAVAILABLE STORAGE: less than min_free_bytes are left, or the disk cannot be looked at.
  absl::Status Check() const;

 private:
  const std::filesystem::path folder_;
  const int64_t min_free_bytes_;
};

}  // namespace fp4::artifacts
