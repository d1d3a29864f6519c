#include "worker/host/host_check.h"

#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMebibyte = 1 << 20;
constexpr size_t kProbeBytes = 4096;  // one block, so that a quota is met
constexpr char kProbeFile[] = "check.probe", kStdout[] = "check.stdout", kStderr[] = "check.stderr";

absl::Status CheckSpace(const fs::path& folder, int64_t min_free_bytes) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("look at ", folder.string()));
  }
  const auto free = static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
  if (free < min_free_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(folder.string(), " has ", free / kMebibyte, " MiB left, less than ",
                     min_free_bytes / kMebibyte, " MiB (--min-free-mib)"));
  }
  if (info.f_files > 0 && info.f_favail == 0) {
    return absl::ResourceExhaustedError(absl::StrCat(folder.string(), " has no inodes left"));
  }
  return absl::OkStatus();
}

std::string LastLine(std::string_view text) {
  absl::string_view rest = absl::StripTrailingAsciiWhitespace({text.data(), text.size()});
  const size_t newline = rest.rfind('\n');
  return std::string(newline == absl::string_view::npos ? rest : rest.substr(newline + 1));
}

}  // namespace

absl::Status CheckFolder(const fs::path& folder, int64_t min_free_bytes) {
  FP4_RETURN_IF_ERROR(CheckSpace(folder, min_free_bytes));
  const fs::path probe = folder / kProbeFile;
  FP4_RETURN_IF_ERROR(WriteFileDurably(probe, std::string(kProbeBytes, '.')));
  if (unlink(probe.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("remove ", probe.string()));
  }
  return absl::OkStatus();
}

absl::Status CheckTrainerVersion(std::string_view output, std::string_view version) {
  const std::string expected = absl::StrCat("fp4-train ", std::string(version));
  const bool same = output.starts_with(expected) &&
                    (output.size() == expected.size() || output[expected.size()] == ' ' ||
                     output[expected.size()] == '\n');
  if (same) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("is not of this worker's release ", std::string(version), ", it says '",
                   LastLine(output.substr(0, 200)),
                   "'; install the same release, and restart the worker after an upgrade"));
}

HostCheck::HostCheck(HostCheckSettings settings, Processes& processes, const Clock& clock)
    : settings_(std::move(settings)),
      processes_(processes),
      clock_(clock),
      folder_pause_(settings_.first_retry, settings_.last_retry, 11),
      trainer_pause_(settings_.first_retry, settings_.last_retry, 12) {}

HostCheck::~HostCheck() {
  if (process_.pid != 0) processes_.Signal(process_, SIGKILL);
}

void HostCheck::Poll() {
  const absl::Duration now = clock_.SinceBoot();
  if (process_.pid != 0) PollTrainer(now);
  if (now >= next_folder_look_) LookAtFolder(now);
  // What the trainer says goes to a file: without space there is nothing to be learned.
  if (process_.pid == 0 && folder_problem_.empty() && now >= next_trainer_look_) {
    LookAtTrainer(now);
  }
}

void HostCheck::Suspect() {
  next_folder_look_ = next_trainer_look_ = -absl::InfiniteDuration();
  checked_.reset();
}

void HostCheck::LookAtFolder(absl::Duration now) {
  const absl::Status status = CheckFolder(settings_.work_dir, settings_.min_free_bytes);
  folder_known_ = true;
  Note(folder_problem_, status);
  if (status.ok()) folder_pause_.Reset();
  next_folder_look_ = now + (status.ok() ? settings_.interval : folder_pause_.Next());
}

void HostCheck::LookAtTrainer(absl::Duration now) {
  struct stat info {};
  if (stat(settings_.trainer.c_str(), &info) != 0 || access(settings_.trainer.c_str(), X_OK) != 0) {
    checked_.reset();
    return TrainerIs(ErrnoStatus(errno, "cannot be started"), now);
  }
  const FileKey key{
      .device = info.st_dev,
      .inode = info.st_ino,
      .size = info.st_size,
      .modified_ns = info.st_mtim.tv_sec * int64_t{1'000'000'000} + info.st_mtim.tv_nsec};
  if (checked_ == key && trainer_problem_.empty()) {
    next_trainer_look_ = now + settings_.interval;
    return;
  }
  checked_ = key;
  if (absl::Status started = StartTrainer(now); !started.ok()) TrainerIs(started, now);
}

absl::Status HostCheck::StartTrainer(absl::Duration now) {
  SpawnRequest request;
  request.arguments = {settings_.trainer.string(), "--version"};
  request.environment = {{"CUDA_VISIBLE_DEVICES", ""}};
  request.working_folder = settings_.work_dir;
  request.stdout_file = settings_.work_dir / kStdout;
  request.stderr_file = settings_.work_dir / kStderr;
  std::error_code error;
  fs::remove(request.stdout_file, error);
  fs::remove(request.stderr_file, error);
  FP4_ASSIGN_OR_RETURN(process_, processes_.Spawn(request));
  started_at_ = now;
  return absl::OkStatus();
}

void HostCheck::PollTrainer(absl::Duration now) {
  const std::optional<ProcessEnd> end = processes_.Poll(process_);
  const bool late = now - started_at_ > settings_.trainer_timeout;
  if (!end.has_value()) {
    if (late) processes_.Signal(process_, SIGKILL);
    return;
  }
  process_ = {};
  TrainerIs(
      late ? absl::DeadlineExceededError(absl::StrCat(
                 "--version did not end within ", absl::FormatDuration(settings_.trainer_timeout)))
           : JudgeTrainer(*end),
      now);
}

absl::Status HostCheck::JudgeTrainer(const ProcessEnd& end) const {
  if (end.exit_code != 0) {
    const std::string how = end.signal.has_value()
                                ? absl::StrCat("was ended by signal ", *end.signal)
                                : absl::StrCat("gave exit status ", end.exit_code.value_or(-1));
    const std::string words =
        LastLine(ReadFileTail(settings_.work_dir / kStderr, 2048).value_or(""));
    return absl::InternalError(absl::StrCat("--version ", how, words.empty() ? "" : ": ", words));
  }
  FP4_ASSIGN_OR_RETURN(const std::string output, ReadFile(settings_.work_dir / kStdout));
  return CheckTrainerVersion(output, settings_.version);
}

void HostCheck::TrainerIs(const absl::Status& status, absl::Duration now) {
  trainer_known_ = true;
  Note(trainer_problem_,
       status.ok()
           ? status
           : absl::Status(status.code(), absl::StrCat("the trainer ", settings_.trainer.string(),
                                                      " ", status.message())));
  if (status.ok()) trainer_pause_.Reset();
  next_trainer_look_ = now + (status.ok() ? settings_.interval : trainer_pause_.Next());
}

void HostCheck::Note(std::string& problem, const absl::Status& status) {
  const std::string text(status.message());
  if (text == problem) return;
  if (text.empty()) {
    LogInfo("this host can work again", {{"was", problem}});
  } else if (problem.empty()) {
    LogError("this host cannot work", {{"why", text}});
  }
  problem = text;
}

}  // namespace fp4::worker
