#include "worker/run/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

absl::Status ErrorOf(const std::error_code& error, std::string_view what, const fs::path& path) {
  return ErrnoStatus(error.value(), absl::StrCat(std::string(what), " ", path.string()));
}

// Parses a file of the worker's own and lets `read` take out the fields; whatever does not fit is
// DATA_LOSS.
template <typename T, typename Reader>
absl::StatusOr<T> ReadJson(const fs::path& path, Reader read) {
  FP4_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat(path.string(), ": ", error.what()));
  }
}

std::string Dump(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Bytes 10xxxxxx continue a character; a tail may begin within one.
std::string_view WithoutBrokenStart(std::string_view text) {
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) {
    text.remove_prefix(1);
  }
  return text;
}

// Anything that is not UTF-8 is replaced.
std::string AsUtf8(std::string_view text) {
  std::string quoted = Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

// All but what the trainer writes.
bool IsWorkersOwn(std::string_view name) {
  for (const std::string_view own : {"run.json", "trainer.json", "trainer.lock", "lease.json",
                                     "acknowledged.json", "exit.json"}) {
    if (name == own) return true;
  }
  return name.starts_with("stdout.") || name.starts_with("stderr.");
}

}  // namespace

fs::path RunDirectory::stdout_log(int32_t attempt) const {
  return path_ / absl::StrCat("stdout.", attempt, ".log");
}

fs::path RunDirectory::stderr_log(int32_t attempt) const {
  return path_ / absl::StrCat("stderr.", attempt, ".log");
}

absl::Status RunDirectory::Create(std::string_view document,
                                  const std::optional<TrainerUser>& user) const {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) return ErrorOf(error, "make", path_);
  if (user) FP4_RETURN_IF_ERROR(HandOver(path_, *user, IsWorkersOwn));
  return ReplaceFile(this->document(), document);
}

absl::StatusOr<TrainerRecord> RunDirectory::ReadTrainer() const {
  return ReadJson<TrainerRecord>(path_ / "trainer.json", [](const Json& json) {
    TrainerRecord record;
    record.process = {.pid = json.at("pid").get<pid_t>(),
                      .start_time = json.at("start_time").get<uint64_t>(),
                      .boot_id = json.at("boot_id").get<std::string>()};
    record.attempt = json.at("attempt").get<int32_t>();
    record.slots = json.value("slots", std::vector<int32_t>{});
    if (json.contains("runtime_deadline_ns")) {
      record.runtime_deadline = absl::Nanoseconds(json["runtime_deadline_ns"].get<int64_t>());
    }
    return record;
  });
}

absl::Status RunDirectory::WriteTrainer(const TrainerRecord& record) const {
  Json json = {{"pid", record.process.pid},
               {"start_time", record.process.start_time},
               {"boot_id", record.process.boot_id},
               {"attempt", record.attempt},
               {"slots", record.slots}};
  if (record.runtime_deadline != absl::InfiniteDuration()) {
    json["runtime_deadline_ns"] = absl::ToInt64Nanoseconds(record.runtime_deadline);
  }
  return ReplaceFile(path_ / "trainer.json", Dump(json));
}

absl::StatusOr<ExitRecord> RunDirectory::ReadExit() const {
  return ReadJson<ExitRecord>(path_ / "exit.json", [](const Json& json) {
    ExitRecord record;
    record.attempt = json.at("attempt").get<int32_t>();
    record.report.cause =
        CauseFromName(json.at("cause").get<std::string>()).value_or(ExitCause::kLost);
    record.report.exit_code = json.at("exit_code").get<int32_t>();
    record.report.signal = json.at("signal").get<int32_t>();
    record.report.message = json.at("message").get<std::string>();
    record.report.stderr_tail = json.at("stderr_tail").get<std::string>();
    if (json.contains("settled"))
      record.settled = ParseTimestamp(json["settled"].get<std::string>());
    return record;
  });
}

absl::Status RunDirectory::WriteExit(const ExitRecord& record) const {
  Json json = {{"attempt", record.attempt},
               {"cause", std::string(ExitCauseName(record.report.cause))},
               {"exit_code", record.report.exit_code},
               {"signal", record.report.signal},
               {"message", record.report.message},
               {"stderr_tail", record.report.stderr_tail}};
  if (record.settled.has_value()) json["settled"] = FormatTimestamp(*record.settled);
  return ReplaceFile(path_ / "exit.json", Dump(json));
}

absl::Status RunDirectory::RemoveExit() const {
  std::error_code error;
  fs::remove(path_ / "exit.json", error);
  return error ? ErrorOf(error, "remove", path_ / "exit.json") : absl::OkStatus();
}

absl::Status RunDirectory::WriteAcknowledged(const CheckpointRef& checkpoint) const {
  Json json = {{"path", checkpoint.path}, {"step", checkpoint.step}};
  return ReplaceFile(path_ / "acknowledged.json", Dump(json));
}

absl::Status RunDirectory::WriteLease(absl::Duration deadline) const {
  Json json = {{"boot_id", BootId()}, {"deadline_ns", absl::ToInt64Nanoseconds(deadline)}};
  return ReplaceFile(lease(), Dump(json));
}

absl::Duration RunDirectory::ReadLease() const {
  auto deadline = ReadJson<absl::Duration>(lease(), [](const Json& json) {
    if (json.at("boot_id") != BootId()) return absl::ZeroDuration();
    return absl::Nanoseconds(json.at("deadline_ns").get<int64_t>());
  });
  return deadline.value_or(absl::ZeroDuration());
}

absl::Time RunDirectory::UnusedSince() const {
  if (absl::StatusOr<ExitRecord> exit = ReadExit(); exit.ok()) {
    return exit->settled.value_or(absl::InfiniteFuture());
  }
  struct stat info {};
  if (stat(document().c_str(), &info) != 0) return absl::InfiniteFuture();
  return absl::TimeFromTimespec(info.st_mtim);
}

absl::StatusOr<UniqueFd> RunDirectory::LockForTrainer() const {
  const fs::path path = path_ / "trainer.lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path.string()));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, absl::StrCat("lock ", path.string()));
  return absl::FailedPreconditionError(absl::StrCat("a trainer lives in ", path_.string()));
}

absl::Status RunDirectory::SetLogAside(int64_t last_seq) const {
  std::error_code error;
  fs::rename(events(), path_ / absl::StrCat("events.until-", last_seq, ".jsonl"), error);
  return error ? ErrorOf(error, "rename", events()) : absl::OkStatus();
}

std::string RunDirectory::StderrTail(int32_t attempt) const {
  absl::StatusOr<std::string> tail = ReadFileTail(stderr_log(attempt), kMaxStderrTail);
  if (!tail.ok()) return "";
  std::string text = AsUtf8(WithoutBrokenStart(*tail));
  if (text.size() <= kMaxStderrTail) return text;
  return std::string(
      WithoutBrokenStart(std::string_view(text).substr(text.size() - kMaxStderrTail)));
}

absl::Status RunDirectory::Remove() const {
  std::error_code error;
  fs::remove_all(path_, error);
  return error ? ErrorOf(error, "remove", path_) : absl::OkStatus();
}

std::vector<RunDirectory> ListRunDirectories(const fs::path& work_dir) {
  std::vector<RunDirectory> directories;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(work_dir / "runs", error)) {
    if (entry.is_directory(error) && IsRunId(entry.path().filename().string())) {
      directories.emplace_back(entry.path());
    }
  }
  std::sort(directories.begin(), directories.end(),
            [](const RunDirectory& a, const RunDirectory& b) { return a.path() < b.path(); });
  return directories;
}

RunDirectory RunDirectoryOf(const fs::path& work_dir, const std::string& run_id) {
  return RunDirectory(work_dir / "runs" / run_id);
}

bool IsRunId(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace fp4::worker
