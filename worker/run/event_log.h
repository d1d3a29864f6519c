// The worker's two readers of a run's events.jsonl: one looks at all that is written (what has
// happened?), the other takes out what is to be delivered. Neither holds the file open or more of
// it than one batch. Lines that are no event are passed over and counted; whether the log is whole
// is judged by seq. Where damaged lines explain a gap in it, delivery fills the gap with warnings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "spec/events.h"
#include "worker/run/line_reader.h"
#include "worker/types.h"

namespace fp4::worker {

inline constexpr size_t kKeptCheckpoints = 16;

struct LoggedCheckpoint {
  int64_t seq = 0;  // of its event
  CheckpointRef checkpoint;
};

struct LogSummary {
  int64_t first_seq = 0, last_seq = 0;  // 0: no event yet
  int32_t last_attempt = 0;
  int64_t num_bad_lines = 0;
  double tokens_per_second = 0;  // newest train/tokens_per_second
  // The log's last event, if it is one that ends an attempt.
  std::optional<spec::FinishedEvent> finished;
  std::vector<LoggedCheckpoint> checkpoints;  // newest last; at most kKeptCheckpoints
};

// Follows the log from its beginning.
class LogObserver {
 public:
  explicit LogObserver(std::filesystem::path path) : path_(std::move(path)) {}

  // Takes in at most one batch of new lines. True: there may be more.
  absl::StatusOr<bool> Advance(const ReadLimits& limits = {});
  // Until there is no more.
  absl::Status AdvanceToEnd();

  const LogSummary& summary() const { return summary_; }

 private:
  void Note(const spec::Event& event);

  std::filesystem::path path_;
  int64_t offset_ = 0;
  LogSummary summary_;
};

// Hands out contiguous events from `next_seq` on, again and again until they are acknowledged.
class DeliveryCursor {
 public:
  DeliveryCursor(std::filesystem::path path, int64_t next_seq)
      : path_(std::move(path)), next_seq_(next_seq) {}

  // From next_seq on, within the limits; empty: no more now. In place of each event whose line is
  // damaged stands a `log` event that says so. DATA_LOSS: the log does not go on at next_seq, and
  // no damaged line explains it.
  absl::StatusOr<std::vector<spec::Event>> Peek(const ReadLimits& limits);

  // The controller wants this one next: after an acknowledgement, or a gap that it found.
  void Seek(int64_t next_seq);

  int64_t next_seq() const { return next_seq_; }

 private:
  absl::StatusOr<std::vector<spec::Event>> PeekFromOffset(const ReadLimits& limits);

  std::filesystem::path path_;
  int64_t next_seq_;
  int64_t offset_ = 0;  // of a line at or before next_seq's
  // Of the last Peek: where the event after its last one begins.
  int64_t peeked_seq_ = 0, peeked_offset_ = 0;
};

}  // namespace fp4::worker
