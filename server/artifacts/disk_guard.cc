#include "server/artifacts/disk_guard.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reasons.h"
#include "server/artifacts/artifact_folder.h"

namespace fp4::artifacts {
namespace {

absl::Status NoNewWork(const std::string& why) {
  return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage,
                         absl::StrCat("the controller takes no new work: ", why));
}

}  // namespace

absl::Status DiskGuard::Check() const {
  absl::Status room = CheckRoom();
  return room.ok() ? CheckPace() : room;
}

absl::Status DiskGuard::CheckRoom() const {
  const absl::StatusOr<int64_t> free = FreeBytes(folder_);
  if (!free.ok()) {
    return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage,
                           std::string(free.status().message()));
  }
  if (*free >= min_free_bytes_) return absl::OkStatus();
  return NoNewWork(absl::StrCat("the disk of ", folder_.string(), " has ", *free >> 20,
                                " MiB left, less than the ", min_free_bytes_ >> 20,
                                " of --min-free-mib"));
}

absl::Status DiskGuard::CheckPace() const {
  const int64_t oldest = absl::ToInt64Seconds(clock_.SinceBoot() - kCommitsLookedAt);
  int64_t num_commits = 0, num_slow = 0;
  MutexLock lock(mutex_);
  for (const Second& second : commits_) {
    if (second.second < oldest) continue;
    num_commits += second.num_commits;
    num_slow += second.num_slow;
  }
  if (num_slow <= kSlowCommitsTolerated || num_slow * 100 < num_commits) return absl::OkStatus();
  return NoNewWork(absl::StrCat("the disk of ", folder_.string(), " is too slow: ", num_slow,
                                " of the last minute's ", num_commits, " commits took longer than ",
                                absl::ToInt64Seconds(kSlowCommit), " s"));
}

void DiskGuard::NoteCommit(absl::Duration duration) {
  const bool slow = duration > kSlowCommit;
  if (slow) LogWarning("slow commit", {{"seconds", absl::ToDoubleSeconds(duration)}});
  const int64_t now = absl::ToInt64Seconds(clock_.SinceBoot());
  const int64_t oldest = now - absl::ToInt64Seconds(kCommitsLookedAt);
  MutexLock lock(mutex_);
  if (commits_.empty() || commits_.back().second != now) commits_.push_back({.second = now});
  ++commits_.back().num_commits;
  commits_.back().num_slow += slow ? 1 : 0;
  while (commits_.front().second < oldest) commits_.pop_front();
}

}  // namespace fp4::artifacts
