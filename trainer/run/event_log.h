// events.jsonl, the trainer's only way to tell anything: appended line by line, continued over
// attempts.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/file.h"
#include "spec/events.h"
#include "trainer/health/finding.h"

namespace fp4::trainer {

// What a log says about the attempts before this one.
struct LogHistory {
  int64_t last_seq = 0;  // 0: the log is empty
  int32_t last_attempt = 0;
  bool completed = false;                  // the last event is `finished` with status completed
  std::string document;                    // of the last `started` event; empty: none
  std::string data_sha256;                 // of the last `started` event
  ReportedFindings reported;               // by all attempts so far
  std::set<std::string> checkpoint_paths;  // whose event is in the log
  std::vector<std::string> warnings;       // what could not be read of it, a sentence for each line
};

struct LogOptions {
  std::optional<int32_t> attempt = {};   // this attempt; otherwise the last one of the log + 1
  std::optional<int64_t> next_seq = {};  // at least this; otherwise the last one of the log + 1
  // Told each event once it is in the file, on the thread that appended it: for a terminal.
  std::function<void(const spec::Event&)> listener = {};
};

// Not thread-safe; one writer a file.
class EventLog {
 public:
  using Kind = decltype(spec::Event::kind);

  // Reads what is there; changes nothing yet. A last line without a newline was torn by a crash and
  // does not count. A whole line that is no event (two lines glued together, zeros after a power
  // failure) costs what it said and no more: history().warnings names it. UNAVAILABLE: the file
  // cannot be read, a fault of the machine.
  static absl::StatusOr<EventLog> Open(const std::filesystem::path& path, const LogOptions& options,
                                       const Clock& clock);

  // A log that nobody reads: of a process that has no right to write one. Append and Sync do
  // nothing.
  static EventLog Unwritten(const Clock& clock);

  const LogHistory& history() const { return history_; }
  int32_t attempt() const { return attempt_; }

  // Adds one event with the next seq, the time and the attempt. A torn last line is cut off before,
  // whoever tore it: a crash of an earlier attempt, or an Append of this one that failed in
  // mid-line. UNAVAILABLE with reason disk_full or machine_fault: the event is not in the log, its
  // seq is free for the next one.
  absl::Status Append(Kind kind);

  // Makes what was appended survive a power failure (fdatasync). UNAVAILABLE: it may not.
  absl::Status Sync();

 private:
  EventLog(std::filesystem::path path, const Clock& clock)
      : path_(std::move(path)), clock_(&clock) {}
  absl::Status OpenForAppend();
  absl::Status CutTornLine();

  std::filesystem::path path_;
  const Clock* clock_;
  LogHistory history_;
  int32_t attempt_ = 1;
  int64_t next_seq_ = 1;
  int64_t complete_bytes_ = 0;  // up to the last newline that was wholly written
  bool may_be_torn_ = true;     // there may be something after that
  std::function<void(const spec::Event&)> listener_;
  UniqueFd fd_;
};

}  // namespace fp4::trainer
