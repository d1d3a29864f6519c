#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fp4/v1/types.pb.h"

namespace fp4::client {

// How far one run is, as its events tell.
struct RunProgress {
  std::string id, variant;
  int64_t seed = 0;
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  std::string reason, message;
  std::string waiting;  // why, while it is queued; empty: not known
  int32_t attempt = 0;
  int64_t step = 0, total_steps = 0;
  std::optional<double> loss, val_loss, accuracy, tokens_per_second;
  std::vector<v1::Health> health;

  // Time that the remaining steps take at the pace of the last ones; nothing when the pace is not
  // known yet.
  std::optional<absl::Duration> TimeLeft(absl::Time now) const;

  struct Sample {
    absl::Time time;
    int64_t step = 0;
  };
  std::deque<Sample> samples;  // of the current attempt, newest last
};

// What a watch has shown so far. Not thread-safe.
class Board {
 public:
  Board(std::string title, const std::vector<v1::Run>& runs);

  // One that a search has made since; does nothing for a run that the board knows.
  void Add(const v1::Run& run);

  // Events of runs that the board does not know are left out.
  void Apply(const v1::Event& event);

  // Why the run waits, as the controller says; the next change of its state makes it void.
  void SetWaiting(const std::string& run_id, const std::string& why);
  // Why runs wait, as in render/waiting.h.
  std::vector<std::string> WaitingLines() const;
  // Whether a run is queued.
  bool AnyQueued() const;

  const std::string& title() const { return title_; }
  const std::vector<RunProgress>& runs() const { return runs_; }
  // Null for an unknown run.
  const RunProgress* Find(const std::string& run_id) const;

 private:
  std::string title_;
  std::vector<RunProgress> runs_;
  std::map<std::string, size_t> index_;
};

}  // namespace fp4::client
