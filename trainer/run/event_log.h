// events.jsonl, the trainer's only way to tell anything: appended line by line, continued over
// attempts.
#pragma once

#include <filesystem>
#include <map>
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
};

struct LogOptions {
  std::optional<int32_t> attempt;   // this attempt; otherwise the last one of the log + 1
  std::optional<int64_t> next_seq;  // at least this; otherwise the last one of the log + 1
};

// Not thread-safe; one writer a file.
class EventLog {
 public:
  using Kind = decltype(spec::Event::kind);

  // Reads what is there; changes nothing yet. A last line without a newline was torn by a crash and
  // does not count. DATA_LOSS: a whole line is no event, with its number.
  static absl::StatusOr<EventLog> Open(const std::filesystem::path& path, const LogOptions& options,
                                       const Clock& clock);

  const LogHistory& history() const { return history_; }
  int32_t attempt() const { return attempt_; }

  // Adds one event with the next seq, the time and the attempt. The first call cuts a torn last
  // line off.
  absl::Status Append(Kind kind);

  // Makes what was appended survive a power failure (fdatasync).
  absl::Status Sync();

 private:
  EventLog(std::filesystem::path path, const Clock& clock)
      : path_(std::move(path)), clock_(&clock) {}
  absl::Status OpenForAppend();

  std::filesystem::path path_;
  const Clock* clock_;
  LogHistory history_;
  int32_t attempt_ = 1;
  int64_t next_seq_ = 1;
  int64_t complete_bytes_ = 0;  // up to the last newline
  UniqueFd fd_;
};

}  // namespace fp4::trainer
