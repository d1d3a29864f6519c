// The files of one run on this host, WORK_DIR/runs/<run id>/:
//   run.json           the document that the trainer gets
//   events.jsonl       the event log, written by the trainer only, going on over the attempts that
//                      run here
//   checkpoints/       the trainer's
//   trainer.json       which process runs which attempt
//   trainer.lock       locked by the trainer as long as it, or a child of it, lives (an inherited
//                      descriptor): the proof that no second one may be started
//   lease.json         {"boot_id", "deadline_ns"}: how long the trainer may live without hearing
//                      from this worker
//   acknowledged.json  {"path", "step"}: the newest checkpoint that the controller has stored; the
//                      trainer keeps it
//   exit.json          how the attempt ended, and whether the controller has been told
//   stdout.<attempt>.log, stderr.<attempt>.log
// All files of the worker are replaced whole, never changed in place.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "worker/host/process.h"
#include "worker/host/trainer_user.h"
#include "worker/types.h"

namespace fp4::worker {

// trainer.json
struct TrainerRecord {
  ProcessIdentity process;
  int32_t attempt = 0;
  std::vector<int32_t> slots;
  // On the boot clock; infinite: no limit.
  absl::Duration runtime_deadline = absl::InfiniteDuration();
};

// exit.json
struct ExitRecord {
  int32_t attempt = 0;
  ExitReport report;
  // When nothing more was to be told about this attempt (wall time); the directory is kept for some
  // time from then on.
  std::optional<absl::Time> settled;
};

class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::string run_id() const { return path_.filename().string(); }
  std::filesystem::path document() const { return path_ / "run.json"; }
  std::filesystem::path events() const { return path_ / "events.jsonl"; }
  std::filesystem::path lease() const { return path_ / "lease.json"; }
  std::filesystem::path stdout_log(int32_t attempt) const;
  std::filesystem::path stderr_log(int32_t attempt) const;

  // `user`: who writes here beside the worker (trainer_user.h).
  absl::Status Create(std::string_view document,
                      const std::optional<TrainerUser>& user = std::nullopt) const;
  // NOT_FOUND: none was ever started here. DATA_LOSS: the file cannot be understood.
  absl::StatusOr<TrainerRecord> ReadTrainer() const;
  absl::Status WriteTrainer(const TrainerRecord& record) const;
  absl::StatusOr<ExitRecord> ReadExit() const;
  absl::Status WriteExit(const ExitRecord& record) const;
  absl::Status RemoveExit() const;
  // The newest checkpoint that the controller has stored, for the trainer's retention.
  absl::Status WriteAcknowledged(const CheckpointRef& checkpoint) const;
  // The deadline is on the boot clock.
  absl::Status WriteLease(absl::Duration deadline) const;
  // The past when there is none, or it is of another boot.
  absl::Duration ReadLease() const;

  // When its end was settled; where nothing was ever started, when it was made; never while an end
  // waits to be told.
  absl::Time UnusedSince() const;

  // Takes the lock that a trainer shall inherit. FAILED_PRECONDITION: a trainer lives.
  absl::StatusOr<UniqueFd> LockForTrainer() const;
  // Puts a log that does not belong to this run's history any more beside it: events.until-<last
  // seq>.jsonl.
  absl::Status SetLogAside(int64_t last_seq) const;
  // Last lines of the attempt's stderr, at most kMaxStderrTail bytes, valid UTF-8.
  std::string StderrTail(int32_t attempt) const;
  absl::Status Remove() const;

 private:
  std::filesystem::path path_;
};

// The run directories in WORK_DIR/runs, by name.
std::vector<RunDirectory> ListRunDirectories(const std::filesystem::path& work_dir);
RunDirectory RunDirectoryOf(const std::filesystem::path& work_dir, const std::string& run_id);

// Whether a run's id may name a folder: [a-z0-9-]+.
bool IsRunId(std::string_view text);

}  // namespace fp4::worker
