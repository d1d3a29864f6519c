// The comparison of an experiment's variants: what a change of precision cost, with the interval
// that the seeds allow, and what may be said of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/statistics.h"
#include "server/core/pareto.h"
#include "server/core/run_axis.h"
#include "server/core/run_result.h"
#include "server/core/variant_differences.h"
#include "server/core/verdict.h"
#include "spec/events.h"

namespace fp4::core {

struct ComparisonQuestion {
  std::vector<VariantDocument> variants;  // in the document's order; at least one
  std::string reference;                  // one of them
  std::string metric;
  double margin = 0;  // of "no worse by", in the metric's unit; 0: not asked
  int64_t last = 1;   // a run's value is the mean of so many last points
  ComparisonAxis axis = ComparisonAxis::kEnd;
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
  ComparisonVerdict verdict;
  // Means over the runs that have one; all but the speed and the sizes of completed runs only.
  std::optional<double> accuracy, excess_loss, tokens_per_second, bits_per_value, weight_bytes,
      train_seconds, joules, state_bytes, peak_bytes;
  std::vector<spec::HealthEvent> health;  // one per (code, layer), in order of appearance
};

struct Comparison {
  std::string reference;
  std::vector<VariantSummary> variants;  // in the given order
  std::vector<std::string> warnings;     // what makes the runs hard to compare, for people
  std::optional<double> limit;           // CommonLimit's
  std::vector<ParetoFront> fronts;       // of the costs that at least two variants have
};

// The variant to compare with when none is asked for: "baseline", else the first. `variants` is not
// empty.
std::string DefaultReference(std::span<const std::string> variants);

// How many last points a run's value is the mean of when nobody says: training.final_average of
// the reference's document for metrics of evaluations ("val/…"), 1 for others.
int64_t DefaultLast(const ComparisonQuestion& question);

// Why the question makes no sense for these runs; empty: it does. Time can be compared on one
// machine and device only.
std::string WhyNotComparable(const ComparisonQuestion& question, std::span<const RunResult> runs);

// Differences are paired by seed: value(variant, seed) - value(reference, seed), over the seeds
// where both are known. Pure.
Comparison Compare(const ComparisonQuestion& question, std::span<const RunResult> runs);

}  // namespace fp4::core
