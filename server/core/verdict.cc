#include "server/core/verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/statistics.h"
#include "base/student_t.h"
#include "server/core/holm.h"

namespace fp4::core {
namespace {

std::string Number(double value) { return absl::StrFormat("%.4g", value); }
std::string Signed(double value) { return absl::StrFormat("%+.4g", value); }

std::string Seeds(int64_t count) { return absl::StrCat(count, count == 1 ? " seed" : " seeds"); }

std::string ListOf(const std::vector<uint64_t>& seeds) {
  return absl::StrCat(seeds.size() == 1 ? "seed " : "seeds ", absl::StrJoin(seeds, ", "));
}

// The differences of one variant, worse being larger whatever the metric.
struct Sample {
  int n = 0;
  double mean = 0, deviation = 0;
  bool is_constant = false;  // the spread is no more than the rounding of the values

  Sample(const Evidence& evidence, metric::Better better) {
    n = static_cast<int>(evidence.differences.size());
    if (n == 0) return;
    const double sign = better == metric::Better::kLarger ? -1 : 1;
    mean = sign * Mean(evidence.differences);
    deviation = n >= 2 ? SampleStd(evidence.differences) : 0;
    double largest = 0;
    for (double value : evidence.values) largest = std::max(largest, std::abs(value));
    is_constant = deviation <= 8 * std::numeric_limits<double>::epsilon() * largest;
  }
  bool testable() const { return n >= 2 && !is_constant; }
  double t(double from) const { return (mean - from) / deviation * std::sqrt(n); }
  int degrees() const { return n - 1; }
};

bool IsFailed(const Evidence& evidence) {
  return !evidence.failed_seeds.empty() || !evidence.diverged_seeds.empty();
}

VariantTests TestsOf(const Evidence& evidence, const VerdictTerms& terms) {
  VariantTests tests;
  if (evidence.is_reference || !evidence.not_comparable.empty() || IsFailed(evidence)) return tests;
  // It will be tested later, and counts among the variants now.
  if (evidence.num_unfinished > 0) return {.p_difference = 1, .p_margin = std::nullopt};
  const Sample sample(evidence, terms.better);
  if (!sample.testable()) return tests;
  tests.p_difference = StudentTwoSidedTail(sample.t(0), sample.degrees());
  if (terms.margin > 0) {
    tests.p_margin = StudentUpperTail(-sample.t(terms.margin), sample.degrees());
  }
  return tests;
}

// "lower by 0.0123 (95 % interval -0.0146 to -0.01, 5 seeds)"
std::string Measured(const Evidence& evidence) {
  const double mean = Mean(evidence.differences);
  const ConfidenceInterval interval = MeanInterval95(evidence.differences);
  return absl::StrCat(mean < 0 ? "lower by " : "higher by ", Number(std::abs(mean)),
                      " (95 % interval ", Signed(interval.low), " to ", Signed(interval.high), ", ",
                      Seeds(static_cast<int64_t>(evidence.differences.size())), ")");
}

// "; p = 0.0012, adjusted for 3 variants"
std::string Probability(double p, size_t num_variants) {
  const std::string text = p < 1e-4 ? "p < 0.0001" : absl::StrFormat("p = %.2g", p);
  if (num_variants < 2) return absl::StrCat("; ", text);
  return absl::StrCat("; ", text, ", adjusted for ", num_variants, " variants");
}

std::string ReferenceText(const Evidence& evidence, const VerdictTerms& terms) {
  if (evidence.values.size() < 2) return "the reference";
  return absl::StrCat("the reference; over its ",
                      Seeds(static_cast<int64_t>(evidence.values.size())), " ", terms.metric,
                      " has a standard deviation of ", Number(SampleStd(evidence.values)));
}

std::string FailedText(const Evidence& evidence, const VerdictTerms& terms) {
  std::vector<std::string> parts;
  if (const auto& seeds = evidence.failed_seeds; !seeds.empty()) {
    parts.push_back(absl::StrCat(seeds.size(), " of ", evidence.num_seeds,
                                 evidence.num_seeds == 1 ? " run" : " runs", " failed (",
                                 ListOf(seeds), ")"));
  }
  if (const auto& seeds = evidence.diverged_seeds; !seeds.empty()) {
    parts.push_back(absl::StrCat(
        terms.metric, " is not finite at the end of ", seeds.size(), " of ", evidence.num_seeds,
        evidence.num_seeds == 1 ? " run" : " runs", " (", ListOf(seeds), ")"));
  }
  return absl::StrCat("failed: ", absl::StrJoin(parts, ", "),
                      "; no claim is made from the seeds that are left");
}

// Why nothing is said where nothing was tested; empty: it was.
std::string WhyUntested(const Evidence& evidence, const VerdictTerms& terms) {
  if (!evidence.not_comparable.empty()) return evidence.not_comparable;
  if (evidence.num_unfinished > 0) {
    return absl::StrCat(evidence.num_unfinished,
                        evidence.num_unfinished == 1 ? " run has" : " runs have",
                        " not finished, of it and of ", terms.reference);
  }
  const Sample sample(evidence, terms.better);
  if (sample.n == 0) {
    return absl::StrCat("no seed has a value both here and in ", terms.reference);
  }
  const double mean = Mean(evidence.differences);
  if (sample.n == 1) {
    return absl::StrCat("one seed does not tell chance from effect (difference ", Signed(mean),
                        "); at least two are needed");
  }
  if (!sample.is_constant) return "";
  if (sample.mean == 0) {
    return absl::StrCat("equal to ", terms.reference, " on each of ", Seeds(sample.n),
                        ", to the last digit");
  }
  return absl::StrCat("differs from ", terms.reference, " by ", Signed(mean), " on each of ",
                      Seeds(sample.n), ": without a spread there is no test");
}

std::string SeedsText(std::optional<int64_t> needed, int n) {
  if (needed) {
    return absl::StrCat("; about ", Seeds(*needed), " would decide it, if they are like these ", n);
  }
  return absl::StrCat("; not even ", Seeds(kMostSeeds), " like these would decide it");
}

// Those that are missing among the pairs, for the end of a sentence.
std::string Missing(const Evidence& evidence) {
  const int num_missing = evidence.num_seeds - static_cast<int>(evidence.differences.size());
  if (evidence.is_reference || num_missing <= 0 || evidence.differences.empty()) return "";
  return absl::StrCat("; ", num_missing, " of ", Seeds(evidence.num_seeds), " not paired");
}

class Judgement {
 public:
  Judgement(const VerdictTerms& terms, std::span<const Evidence> evidence) : terms_(terms) {
    std::vector<VariantTests> tests;
    for (const Evidence& one : evidence) tests.push_back(TestsOf(one, terms));
    num_tested_ = std::ranges::count_if(
        tests, [](const VariantTests& one) { return one.p_difference.has_value(); });
    adjusted_ = AdjustForAll(tests);
    num_open_ = CountOpen(adjusted_, kClaimLevel);
  }

  ComparisonVerdict Of(const Evidence& evidence, size_t index) const {
    if (evidence.is_reference) {
      return {.kind = VerdictKind::kReference,
              .text = ReferenceText(evidence, terms_),
              .p_holm = {},
              .seeds_needed = {}};
    }
    if (IsFailed(evidence)) {
      return {.kind = VerdictKind::kFailed,
              .text = FailedText(evidence, terms_),
              .p_holm = {},
              .seeds_needed = {}};
    }
    ComparisonVerdict verdict;
    if (const std::string why = WhyUntested(evidence, terms_); !why.empty()) {
      verdict.text = absl::StrCat("undecided: ", why);
    } else {
      verdict = Tested(evidence, adjusted_[index]);
    }
    verdict.text += Missing(evidence);
    return verdict;
  }

 private:
  ComparisonVerdict Tested(const Evidence& evidence, const VariantTests& p) const {
    const Sample sample(evidence, terms_.better);
    const bool differs = *p.p_difference < kClaimLevel;
    if (terms_.better == metric::Better::kNeither) return Undirected(evidence, *p.p_difference);
    if (p.p_margin && *p.p_margin < kClaimLevel && !(differs && sample.mean < 0)) {
      return Claim(VerdictKind::kNoWorse, evidence, *p.p_margin,
                   absl::StrCat("no worse than ", terms_.reference, " by ", Number(terms_.margin),
                                differs ? ", though worse: " : ": "));
    }
    if (differs) {
      const bool better = sample.mean < 0;
      return Claim(better ? VerdictKind::kBetter : VerdictKind::kWorse, evidence, *p.p_difference,
                   absl::StrCat(better ? "better than " : "worse than ", terms_.reference, ": "));
    }
    return Undecided(evidence, sample, p);
  }

  ComparisonVerdict Claim(VerdictKind kind, const Evidence& evidence, double p,
                          const std::string& words) const {
    return {.kind = kind,
            .text = absl::StrCat(words, terms_.metric, " ", Measured(evidence),
                                 Probability(p, num_tested_)),
            .p_holm = p,
            .seeds_needed = {}};
  }

  ComparisonVerdict Undecided(const Evidence& evidence, const Sample& sample,
                              const VariantTests& p) const {
    const double level = kClaimLevel / std::max(1, num_open_);
    const bool towards_margin = p.p_margin && sample.mean < terms_.margin;
    const std::optional<int64_t> needed =
        towards_margin ? SeedsForMargin((terms_.margin - sample.mean) / sample.deviation, level)
                       : SeedsForDifference(std::abs(sample.mean) / sample.deviation, level);
    const double p_asked = p.p_margin ? *p.p_margin : *p.p_difference;
    const std::string against =
        p.p_margin ? absl::StrCat(" against a margin of ", Number(terms_.margin)) : "";
    return {.kind = VerdictKind::kUndecided,
            .text = absl::StrCat("undecided", against, ": ", terms_.metric, " ", Measured(evidence),
                                 Probability(p_asked, num_tested_), SeedsText(needed, sample.n)),
            .p_holm = p_asked,
            .seeds_needed = needed};
  }

  // A metric that is neither good nor bad.
  ComparisonVerdict Undirected(const Evidence& evidence, double p) const {
    const std::string words =
        p < kClaimLevel ? absl::StrCat("undecided: ", terms_.metric, " differs from ",
                                       terms_.reference, ", and which is better is not known: ")
                        : "undecided: ";
    return Claim(VerdictKind::kUndecided, evidence, p, words);
  }

  const VerdictTerms& terms_;
  std::vector<VariantTests> adjusted_;
  size_t num_tested_ = 0;
  int num_open_ = 0;
};

}  // namespace

std::vector<ComparisonVerdict> Judge(const VerdictTerms& terms,
                                     std::span<const Evidence> evidence) {
  const Judgement judgement(terms, evidence);
  std::vector<ComparisonVerdict> verdicts;
  for (size_t i = 0; i < evidence.size(); ++i) verdicts.push_back(judgement.Of(evidence[i], i));
  return verdicts;
}

}  // namespace fp4::core
