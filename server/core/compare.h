// The comparison of an experiment's variants: what a change of precision cost, with the interval
// that the seeds allow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/core/run_state.h"
#include "server/core/started_facts.h"
#include "server/core/statistics.h"
#include "spec/events.h"

namespace fp4::core {

// One run, as far as the comparison needs it. Only a completed run has a final value: the last
// point of one that failed or still trains belongs to another step and would bias the mean.
struct RunResult {
  std::string variant;
  uint64_t seed = 0;
  RunState state = RunState::kQueued;
  std::optional<double> final_value;        // last point of the metric
  std::optional<double> final_accuracy;     // last point of val/accuracy
  std::optional<double> tokens_per_second;  // median of train/tokens_per_second
  StartedFacts started;
  std::vector<spec::HealthEvent> health;
};

struct VariantDifference {
  int num_pairs = 0;
  double mean = 0;
  std::optional<ConfidenceInterval> ci95;  // absent for fewer than two pairs
};

struct VariantSummary {
  std::string name;
  int num_runs = 0, num_failed = 0;             // failed: or cancelled
  int n = 0;                                    // runs with a final value
  double mean = 0;                              // NaN when n = 0
  std::optional<double> std;                    // absent when n < 2
  std::optional<VariantDifference> difference;  // absent for the reference, and without a pair
  std::optional<double> accuracy, tokens_per_second,
      bits_per_value;                     // means over the runs that have one
  std::vector<spec::HealthEvent> health;  // one per (code, layer), in order of appearance
};

struct Comparison {
  std::string reference;
  std::vector<VariantSummary> variants;  // in the given order
  std::vector<std::string> warnings;     // what makes the runs hard to compare, for people
};

// The variant to compare with when none is asked for: "baseline", else the first. `variants` is not
// empty.
std::string DefaultReference(std::span<const std::string> variants);

// Differences are paired by seed: value(variant, seed) - value(reference, seed), over the seeds
// where both are known. `reference` is one of `variants`. Pure.
Comparison Compare(std::span<const std::string> variants, const std::string& reference,
                   std::span<const RunResult> runs);

}  // namespace fp4::core
