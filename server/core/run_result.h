// One run, as far as a comparison needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/downsample.h"
#include "server/core/run_state.h"
#include "server/core/started_facts.h"
#include "spec/events.h"

namespace fp4::core {

// Curves are by step. Only a completed run has a final value: the last point of one that failed or
// still trains belongs to another step and would bias the mean.
struct RunResult {
  std::string variant;
  uint64_t seed = 0;
  RunState state = RunState::kQueued;
  std::vector<CurvePoint> curve = {};         // the metric
  std::vector<CurvePoint> excess_loss = {};   // val/excess_loss
  std::vector<CurvePoint> throughput = {};    // train/tokens_per_second
  std::optional<double> final_accuracy = {};  // last point of val/accuracy
  std::optional<double> joules = {};          // last point of energy/joules
  std::optional<double> state_bytes = {};     // last point of memory/state_bytes
  std::optional<double> peak_bytes = {};      // largest point of memory/peak_bytes
  // Of each attempt that began, the newest last; empty: none has.
  std::vector<StartedFacts> attempts = {};
  std::vector<std::string> hosts = {};  // of the attempts, each once
  std::vector<spec::HealthEvent> health = {};

  // Of the newest attempt.
  const StartedFacts& started() const {
    static const StartedFacts kNothing;
    return attempts.empty() ? kNothing : attempts.back();
  }
};

}  // namespace fp4::core
