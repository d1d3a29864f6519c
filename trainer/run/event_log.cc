#include "trainer/run/event_log.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/faults.h"
#include "base/status_macros.h"
#include "base/trainer_exit.h"

namespace fp4::trainer {
namespace {

constexpr int kDamagedLinesNamed = 5;

void Remember(const spec::Event& event, LogHistory& history) {
  history.last_seq = std::max(history.last_seq, event.seq);
  history.last_attempt = std::max(history.last_attempt, event.attempt);
  history.completed = false;
  if (const auto* started = std::get_if<spec::StartedEvent>(&event.kind)) {
    auto json = nlohmann::json::parse(started->json, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    history.document = json.contains("document") ? json["document"].dump() : "";
    history.data_sha256 = json.value("data_sha256", "");
  } else if (const auto* health = std::get_if<spec::HealthEvent>(&event.kind)) {
    history.reported[health->code].insert(health->layer);
  } else if (const auto* checkpoint = std::get_if<spec::CheckpointEvent>(&event.kind)) {
    history.checkpoint_paths.insert(checkpoint->path);
  } else if (const auto* finished = std::get_if<spec::FinishedEvent>(&event.kind)) {
    history.completed = finished->status == outcome::kCompleted;
  }
}

// FaultPoint::kTrainerTornLine: half of the line is there when the process dies.
void DieWithin(int fd, std::string_view line) {
  WriteAll(fd, line.substr(0, line.size() / 2), "the event log").IgnoreError();
  raise(SIGKILL);
}

}  // namespace

absl::StatusOr<EventLog> EventLog::Open(const std::filesystem::path& path,
                                        const LogOptions& options, const Clock& clock) {
  EventLog log(path, clock);
  absl::StatusOr<std::string> content = ReadFile(path);
  if (!content.ok() && !absl::IsNotFound(content.status())) return MachineFault(content.status());
  std::string_view rest = content.ok() ? std::string_view(*content) : std::string_view();
  int line_number = 0, num_damaged = 0;
  for (size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
    ++line_number;
    absl::StatusOr<spec::Event> event = spec::ParseEvent(rest.substr(0, end));
    if (event.ok()) {
      Remember(*event, log.history_);
    } else if (++num_damaged <= kDamagedLinesNamed) {
      log.history_.warnings.push_back(absl::StrCat("line passed over: ", path.string(), ":",
                                                   line_number, ": ", event.status().message()));
    }
    log.complete_bytes_ += static_cast<int64_t>(end) + 1;
  }
  if (num_damaged > kDamagedLinesNamed) {
    log.history_.warnings.push_back(absl::StrCat(num_damaged - kDamagedLinesNamed,
                                                 " more lines of ", path.string(), " passed over"));
  }
  log.attempt_ = options.attempt.value_or(log.history_.last_attempt + 1);
  log.next_seq_ = std::max(log.history_.last_seq + 1, options.next_seq.value_or(1));
  log.listener_ = options.listener;
  return log;
}

EventLog EventLog::Unwritten(const Clock& clock) { return {{}, clock}; }

absl::Status EventLog::OpenForAppend() {
  UniqueFd fd(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", path_.string()));
  fd_ = std::move(fd);
  return SyncFolder(path_.parent_path());
}

absl::Status EventLog::CutTornLine() {
  if (ftruncate(fd_.get(), complete_bytes_) != 0)
    return ErrnoStatus(errno, absl::StrCat("truncate ", path_.string()));
  may_be_torn_ = false;
  return absl::OkStatus();
}

absl::Status EventLog::Append(Kind kind) {
  if (path_.empty()) return absl::OkStatus();
  if (!fd_.valid()) FP4_RETURN_IF_ERROR(MachineFault(OpenForAppend()));
  if (may_be_torn_) FP4_RETURN_IF_ERROR(MachineFault(CutTornLine()));
  const spec::Event event{next_seq_, clock_->Now(), attempt_, std::move(kind)};
  const std::string line = spec::FormatEvent(event) + "\n";
  may_be_torn_ = true;
  if (FaultFires(FaultPoint::kTrainerTornLine)) DieWithin(fd_.get(), line);
  if (absl::Status status = WriteAll(fd_.get(), line, path_.string()); !status.ok()) {
    // Now, so that readers see whole lines; where that fails too, before the next line.
    CutTornLine().IgnoreError();
    return MachineFault(status);
  }
  may_be_torn_ = false;
  complete_bytes_ += static_cast<int64_t>(line.size());
  ++next_seq_;
  if (listener_) listener_(event);
  return absl::OkStatus();
}

absl::Status EventLog::Sync() {
  if (fd_.valid() && fdatasync(fd_.get()) != 0)
    return MachineFault(ErrnoStatus(errno, absl::StrCat("fdatasync ", path_.string())));
  return absl::OkStatus();
}

}  // namespace fp4::trainer
