#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "worker/run/event_log.h"

namespace fp4::worker {

// Brings one run's events to the controller: in order, one report in flight, none twice but after
// an unanswered one (the controller skips those that it has). Holds no event itself: what is not
// acknowledged is read again. Times are of the boot clock. Not thread-safe.
class Delivery {
 public:
  struct Pace {
    ReadLimits batch;
    absl::Duration interval = absl::Milliseconds(200);  // between two reports that are not full
    absl::Duration first_retry = absl::Milliseconds(200);
    absl::Duration last_retry = absl::Seconds(5);
  };

  Delivery(std::filesystem::path log, int64_t next_seq, Pace pace, uint64_t seed);

  // The next report's events; empty: not now (nothing to send, one is in flight, or it is too
  // early). The caller sends them and hands the answer to OnAnswer. DATA_LOSS: the log cannot go on
  // (see DeliveryCursor).
  absl::StatusOr<std::vector<spec::Event>> Next(absl::Duration now);

  enum class Verdict {
    kAcknowledged,
    kRetry,          // later; nothing is lost
    kFenced,         // the attempt is not ours any more: STALE_ATTEMPT, or the run is gone
    kUnknownWorker,  // register again, then retry
    kRefused,        // will never be taken
  };
  Verdict OnAnswer(const absl::StatusOr<int64_t>& next_seq, absl::Duration now);

  // Where the controller wants to go on; ignored while a report is in flight (its answer will say).
  void Seek(int64_t next_seq);

  int64_t next_seq() const { return cursor_.next_seq(); }
  bool in_flight() const { return in_flight_; }
  // How long the last answered report took.
  absl::Duration last_latency() const { return last_latency_; }

 private:
  Verdict OnError(const absl::Status& error, absl::Duration now);

  DeliveryCursor cursor_;
  Pace pace_;
  Backoff backoff_;
  bool in_flight_ = false;
  bool full_ = false;     // the report in flight filled its limits: more is waiting
  int64_t sent_seq_ = 0;  // first of the report in flight
  absl::Duration sent_at_, not_before_, last_latency_;
};

// What an error of any call means for one lease.
Delivery::Verdict VerdictOf(const absl::Status& error);

}  // namespace fp4::worker
