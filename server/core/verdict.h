// What the paired differences of an experiment's variants allow to say, in words. Pure.
//
// Differences d_i = value(variant, seed i) - value(reference, seed i), with mean d and sample
// standard deviation s over n seeds. "Better" and "worse" rest on the two-sided t-test of d = 0;
// "no worse by m" on the one-sided test of d >= m, that is d + t(0.95, n - 1) s / sqrt(n) < m.
// Both are adjusted for the number of variants (holm.h), so that with all variants together a
// wrong claim has at most 5 % probability. An interval that is wide is "undecided", never "equal".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/metric_names.h"

namespace fp4::core {

enum class VerdictKind : uint8_t { kReference, kBetter, kWorse, kNoWorse, kUndecided, kFailed };

struct ComparisonVerdict {
  VerdictKind kind = VerdictKind::kUndecided;
  std::string text;                     // one sentence, without a full stop
  std::optional<double> p_holm;         // of what is claimed or might have been; absent: no test
  std::optional<int64_t> seeds_needed;  // pairs that would decide it, about; of kUndecided only
};

// What is known of one variant beside the reference.
struct Evidence {
  std::string variant;
  bool is_reference = false;
  std::vector<double> values;            // of the completed runs
  std::vector<double> differences;       // of the paired seeds; none of the reference
  int num_seeds = 0;                     // that the variant has runs of
  std::vector<uint64_t> failed_seeds;    // the run failed
  std::vector<uint64_t> diverged_seeds;  // it completed with a value that is not finite
  int num_unfinished = 0;                // of its runs and the reference's
  std::string not_comparable;            // why the two are not compared at all; empty: they are
};

struct VerdictTerms {
  std::string reference, metric;
  metric::Better better = metric::Better::kSmaller;
  double margin = 0;  // of "no worse by": above 0; 0: not asked
};

// A claim is made at this level, of all claims together.
inline constexpr double kClaimLevel = 0.05;
// More seeds than these are not counted out.
inline constexpr int64_t kMostSeeds = 10'000;

// One for each of `evidence`, in order. A variant of which a run failed or diverged gets no claim
// from the seeds that are left, nor does one while runs are going: to look again and again until a
// claim appears would find one too often.
std::vector<ComparisonVerdict> Judge(const VerdictTerms& terms, std::span<const Evidence> evidence);

// The smallest n >= 2 with t(1 - level / 2, n - 1) / sqrt(n) <= `effect`, which is |d| / s: an
// interval of that confidence would exclude 0 if mean and deviation stayed. Nothing beyond
// kMostSeeds.
std::optional<int64_t> SeedsForDifference(double effect, double level);

// The smallest n >= 2 that shows "no worse by m" with 80 % probability: (t(1 - level, n - 1) +
// t(0.8, n - 1)) / sqrt(n) <= `distance`, which is (m - d) / s. Nothing beyond kMostSeeds.
std::optional<int64_t> SeedsForMargin(double distance, double level);

}  // namespace fp4::core
