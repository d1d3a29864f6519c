#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace fp4::artifacts {

// A commit that takes longer is slow; usual is some milliseconds.
inline constexpr absl::Duration kSlowCommit = absl::Seconds(3);
// The disk is too slow while, of the commits of this time, one in a hundred was slow, and at least
// so many.
inline constexpr absl::Duration kCommitsLookedAt = absl::Minutes(1);
inline constexpr int64_t kSlowCommitsTolerated = 2;

// Whether the controller's disk is fit for new work: it has room, and commits do not take long. It
// is fit again by itself, as soon as there is room or slow commits have become old. Thread-safe.
class DiskGuard {
 public:
  // The clock outlives it.
  DiskGuard(std::filesystem::path folder, int64_t min_free_bytes,
            const Clock& clock = SystemClock())
      : folder_(std::move(folder)), min_free_bytes_(min_free_bytes), clock_(clock) {}

  // UNAVAILABLE STORAGE: less than min_free_bytes are left, the disk cannot be looked at, or it is
  // too slow.
  absl::Status Check() const;

  // A commit of the database has taken so long.
  void NoteCommit(absl::Duration duration);

 private:
  // The commits of one second.
  struct Second {
    int64_t second = 0;  // since boot
    int64_t num_commits = 0, num_slow = 0;
  };

  absl::Status CheckRoom() const;
  absl::Status CheckPace() const;

  const std::filesystem::path folder_;
  const int64_t min_free_bytes_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::deque<Second> commits_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

}  // namespace fp4::artifacts
