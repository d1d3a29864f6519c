// Whether this host can do a worker's work: the work directory takes files and has space left, and
// the trainer starts and is of the worker's release.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "worker/host/process.h"

namespace fp4::worker {

// OK: `folder` has at least `min_free_bytes` for this user, and takes a small file durably.
// RESOURCE_EXHAUSTED: no space, no quota or no inodes. Else the system's error. The message names
// the folder or the file.
absl::Status CheckFolder(const std::filesystem::path& folder, int64_t min_free_bytes);

// OK: `output`, what `fp4-train --version` printed, is of release `version`.
absl::Status CheckTrainerVersion(std::string_view output, std::string_view version);

struct HostCheckSettings {
  std::filesystem::path work_dir, trainer;
  std::string version;  // that the trainer must be of
  int64_t min_free_bytes = 0;
  absl::Duration interval = absl::Seconds(10);  // between two looks while all is well
  absl::Duration first_retry = absl::Milliseconds(500);
  absl::Duration last_retry = absl::Seconds(30);
  absl::Duration trainer_timeout = absl::Minutes(1);  // `--version` takes longer: it hangs
};

// Looks again and again, with growing pauses while something is wrong; at the trainer, which is
// expensive to start, only when its file has changed, when it was wrong before, or when suspected.
// Not thread-safe; nothing blocks but a small synced write.
class HostCheck {
 public:
  HostCheck(HostCheckSettings settings, Processes& processes, const Clock& clock);
  ~HostCheck();

  // Does what is due.
  void Poll();
  // An attempt ended as if the host were to blame: everything is looked at again now.
  void Suspect();

  // False: nothing wrong has been found, but the first look at the trainer has not ended yet.
  bool known() const { return !problem().empty() || (folder_known_ && trainer_known_); }
  // What is wrong, in one line for people; empty: nothing, as far as is known.
  const std::string& problem() const {
    return folder_problem_.empty() ? trainer_problem_ : folder_problem_;
  }

 private:
  // The trainer's file: another one has another key.
  struct FileKey {
    uint64_t device = 0, inode = 0;
    int64_t size = 0, modified_ns = 0;
    bool operator==(const FileKey&) const = default;
  };

  void LookAtFolder(absl::Duration now);
  void LookAtTrainer(absl::Duration now);
  absl::Status StartTrainer(absl::Duration now);
  void PollTrainer(absl::Duration now);
  absl::Status JudgeTrainer(const ProcessEnd& end) const;
  void TrainerIs(const absl::Status& status, absl::Duration now);
  void Note(std::string& problem, const absl::Status& status);

  const HostCheckSettings settings_;
  Processes& processes_;
  const Clock& clock_;

  bool folder_known_ = false, trainer_known_ = false;
  std::string folder_problem_, trainer_problem_;
  absl::Duration next_folder_look_ = -absl::InfiniteDuration();
  absl::Duration next_trainer_look_ = -absl::InfiniteDuration();
  Backoff folder_pause_, trainer_pause_;
  std::optional<FileKey> checked_;  // the file that was started last; none: look again
  ProcessIdentity process_;         // that of `--version` now; pid 0: none
  absl::Duration started_at_;
};

}  // namespace fp4::worker
