#include "worker/run/event_log.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/metric_names.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

// No event is shorter than this.
constexpr size_t kLeastEventBytes = 64;

// How many events damaged lines of so many bytes can have been. None: there is no damage.
int64_t MostEventsIn(size_t damaged_bytes) {
  return damaged_bytes == 0 ? 0 : static_cast<int64_t>(damaged_bytes / kLeastEventBytes) + 1;
}

// What stands for an event whose line cannot be read, so that those after it can be delivered: the
// controller takes no gap.
spec::Event InPlaceOfDamaged(int64_t seq, const spec::Event& next) {
  return {
      .seq = seq,
      .time = next.time,
      .attempt = next.attempt,
      .kind = spec::LogEvent{.severity = "warning",
                             .message = "an event is lost: its line of the event log is damaged"}};
}

}  // namespace

absl::StatusOr<bool> LogObserver::Advance(const ReadLimits& limits) {
  FP4_ASSIGN_OR_RETURN(std::vector<Line> lines, ReadLines(path_, offset_, limits));
  for (const Line& line : lines) {
    absl::StatusOr<spec::Event> event = spec::ParseEvent(line.text);
    if (event.ok()) {
      Note(*event);
    } else if (++summary_.num_bad_lines == 1) {
      LogWarning(
          "line of an event log passed over",
          {{"file", path_.string()}, {"offset", offset_}, {"error", event.status().ToString()}});
    }
    offset_ = line.end_offset;
  }
  return !lines.empty();
}

absl::Status LogObserver::AdvanceToEnd() {
  while (true) {
    FP4_ASSIGN_OR_RETURN(bool more, Advance());
    if (!more) return absl::OkStatus();
  }
}

void LogObserver::Note(const spec::Event& event) {
  if (summary_.first_seq == 0) summary_.first_seq = event.seq;
  summary_.last_seq = event.seq;
  summary_.last_attempt = event.attempt;
  summary_.finished.reset();
  if (const auto* finished = std::get_if<spec::FinishedEvent>(&event.kind)) {
    summary_.finished = *finished;
  } else if (const auto* checkpoint = std::get_if<spec::CheckpointEvent>(&event.kind)) {
    if (summary_.checkpoints.size() == kKeptCheckpoints) {
      summary_.checkpoints.erase(summary_.checkpoints.begin());
    }
    summary_.checkpoints.push_back({event.seq, {checkpoint->path, checkpoint->step}});
  } else if (const auto* metrics = std::get_if<spec::MetricsEvent>(&event.kind)) {
    for (const auto& [name, value] : metrics->values) {
      if (name == metric::kTokensPerSecond) summary_.tokens_per_second = value;
    }
  }
}

absl::StatusOr<std::vector<spec::Event>> DeliveryCursor::Peek(const ReadLimits& limits) {
  absl::StatusOr<std::vector<spec::Event>> events = PeekFromOffset(limits);
  if (!absl::IsDataLoss(events.status()) || offset_ == 0) return events;
  offset_ = 0;  // the controller may want events from before the offset again
  return PeekFromOffset(limits);
}

absl::StatusOr<std::vector<spec::Event>> DeliveryCursor::PeekFromOffset(const ReadLimits& limits) {
  std::vector<spec::Event> events;
  int64_t offset = offset_;
  size_t damaged_bytes = 0;  // since the last line that is an event
  while (events.empty()) {
    FP4_ASSIGN_OR_RETURN(std::vector<Line> lines, ReadLines(path_, offset, limits));
    if (lines.empty()) break;
    for (const Line& line : lines) {
      absl::StatusOr<spec::Event> event = spec::ParseEvent(line.text);
      const int64_t expected = next_seq_ + static_cast<int64_t>(events.size());
      if (!event.ok()) damaged_bytes += line.text.size();
      if (event.ok() && event->seq > expected) {
        if (event->seq - expected > MostEventsIn(damaged_bytes)) {
          if (!events.empty()) return events;
          return absl::DataLossError(absl::StrCat(path_.string(), ": wanted seq ", expected,
                                                  ", the log goes on with ", event->seq));
        }
        for (int64_t seq = expected; seq < event->seq; ++seq) {
          events.push_back(InPlaceOfDamaged(seq, *event));
        }
      }
      if (event.ok()) {
        damaged_bytes = 0;
        if (event->seq >= expected) events.push_back(*std::move(event));
      }
      offset = line.end_offset;
      if (events.empty()) offset_ = offset;
      peeked_seq_ = next_seq_ + static_cast<int64_t>(events.size());
      peeked_offset_ = offset;
    }
  }
  return events;
}

void DeliveryCursor::Seek(int64_t next_seq) {
  if (next_seq == peeked_seq_ && next_seq > next_seq_) {
    offset_ = peeked_offset_;
  } else if (next_seq < next_seq_) {
    offset_ = 0;
  }
  next_seq_ = next_seq;
}

}  // namespace fp4::worker
