#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "absl/time/time.h"
#include "spec/events.h"

namespace fp4::trainer {

// What a person who calls fp4-train by hand sees of a run, made from its events: warnings and
// findings always, progress where `progress` says that the output is a terminal. Not thread-safe.
class TerminalReport {
 public:
  // `out` outlives it; `total_steps` of the run, 0: it only evaluates.
  TerminalReport(std::ostream& out, bool progress, int64_t total_steps)
      : out_(out), progress_(progress), total_steps_(total_steps) {}

  // One line, or none.
  void Tell(const spec::Event& event);

 private:
  void TellMetrics(const spec::MetricsEvent& metrics, absl::Time time);

  std::ostream& out_;
  const bool progress_;
  const int64_t total_steps_;
  // Of the first event with a training step: what is left is judged by the pace since then.
  int64_t first_step_ = -1;
  absl::Time first_time_;
};

}  // namespace fp4::trainer
