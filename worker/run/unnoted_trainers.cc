#include "worker/run/unnoted_trainers.h"

#include <signal.h>
#include <unistd.h>

#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/log.h"
#include "worker/host/posix_processes.h"
#include "worker/run/run_directory.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kPause = absl::Milliseconds(5);

bool HasOpen(const fs::path& process, const fs::path& file) {
  std::error_code error;
  for (const auto& descriptor : fs::directory_iterator(process / "fd", error)) {
    if (fs::read_symlink(descriptor.path(), error) == file) return true;
  }
  return false;
}

// Groups of other processes that have the file open, as far as this user may see them.
std::set<pid_t> GroupsThatHold(const fs::path& file) {
  std::set<pid_t> groups;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(process.path().filename().string(), &pid) || pid == getpid()) continue;
    if (!HasOpen(process.path(), file)) continue;
    const pid_t group = getpgid(pid);
    if (group > 0 && group != getpgrp()) groups.insert(group);
  }
  return groups;
}

// The group of the trainer that trainer.json names, while that lives; else 0.
pid_t NotedGroup(const RunDirectory& directory) {
  const absl::StatusOr<TrainerRecord> record = directory.ReadTrainer();
  if (!record.ok() || record->process.boot_id != BootId()) return 0;
  const auto start_time = StartTimeOfRunning(record->process.pid);
  return start_time == record->process.start_time ? record->process.pid : 0;
}

bool IsTaken(const RunDirectory& directory) {
  return absl::IsFailedPrecondition(directory.LockForTrainer().status());
}

void EndUnnoted(const RunDirectory& directory) {
  std::error_code error;
  const fs::path lock = fs::canonical(directory.path() / "trainer.lock", error);
  const pid_t noted = NotedGroup(directory);
  const absl::Duration until = SystemClock().SinceBoot() + kPatience;
  while (noted == 0 && IsTaken(directory) && SystemClock().SinceBoot() < until) {
    for (const pid_t group : GroupsThatHold(lock)) {
      kill(-group, SIGKILL);
      LogWarning("trainer killed that nobody had noted",
                 {{"run", directory.run_id()}, {"pid", group}});
    }
    absl::SleepFor(kPause);
  }
  if (noted == 0 && IsTaken(directory)) {
    LogWarning("an unknown process holds a run directory", {{"run", directory.run_id()}});
  }
}

}  // namespace

void EndUnnotedTrainers(const fs::path& work_dir) {
  for (const RunDirectory& directory : ListRunDirectories(work_dir)) {
    if (IsTaken(directory)) EndUnnoted(directory);
  }
}

}  // namespace fp4::worker
