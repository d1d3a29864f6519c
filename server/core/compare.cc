#include "server/core/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/comparison_warnings.h"

namespace fp4::core {
namespace {

using RunPointers = std::vector<const RunResult*>;

// Weights whose bytes differ by no more than this share are equally large.
constexpr double kEqualBytes = 0.01;

RunPointers RunsOf(std::span<const RunResult> runs, const std::string& variant) {
  RunPointers result;
  for (const RunResult& run : runs) {
    if (run.variant == variant) result.push_back(&run);
  }
  return result;
}

// The values that the runs have of something.
template <typename Get>
std::vector<double> Collect(const RunPointers& runs, Get get) {
  std::vector<double> values;
  for (const RunResult* run : runs) {
    if (const std::optional<double> value = get(*run)) values.push_back(*value);
  }
  return values;
}

template <typename Get>
std::optional<double> MeanOf(const RunPointers& runs, Get get) {
  const std::vector<double> values = Collect(runs, get);
  if (values.empty()) return std::nullopt;
  return Mean(values);
}

bool IsCompleted(const RunResult& run) { return run.state == RunState::kCompleted; }

std::optional<double> MedianSpeed(const RunResult& run) {
  std::vector<double> values;
  for (const CurvePoint& point : run.throughput) values.push_back(point.value);
  if (values.empty()) return std::nullopt;
  return Median(values);
}

std::vector<spec::HealthEvent> DistinctFindings(const RunPointers& runs) {
  std::vector<spec::HealthEvent> findings;
  std::set<std::pair<std::string, std::string>> seen;
  for (const RunResult* run : runs) {
    for (const spec::HealthEvent& finding : run->health) {
      if (seen.emplace(finding.code, finding.layer).second) findings.push_back(finding);
    }
  }
  return findings;
}

// Each run's value, at the position where all are looked at.
class FinalValues {
 public:
  FinalValues(const ComparisonQuestion& question, std::span<const RunResult> runs)
      : question_(question), limit_(CommonLimit(runs, question.axis)) {}

  std::optional<double> limit() const { return limit_; }

  std::optional<double> Of(const RunResult& run) const { return At(run, run.curve); }
  std::optional<double> ExcessOf(const RunResult& run) const { return At(run, run.excess_loss); }

 private:
  std::optional<double> At(const RunResult& run, const std::vector<CurvePoint>& curve) const {
    const bool has_limit =
        question_.axis != ComparisonAxis::kEnd && question_.axis != ComparisonAxis::kBytes;
    if (!IsCompleted(run) || (has_limit && !limit_)) return std::nullopt;
    return ValueAt(run, curve, question_.axis, limit_, question_.last);
  }

  const ComparisonQuestion& question_;
  const std::optional<double> limit_;
};

void DescribeCosts(const RunPointers& runs, VariantSummary& summary) {
  summary.accuracy = MeanOf(runs, [](const RunResult& run) {
    return IsCompleted(run) ? run.final_accuracy : std::nullopt;
  });
  summary.tokens_per_second = MeanOf(runs, MedianSpeed);
  summary.bits_per_value =
      MeanOf(runs, [](const RunResult& run) { return run.started().bits_per_value; });
  summary.weight_bytes =
      MeanOf(runs, [](const RunResult& run) { return run.started().weight_bytes; });
  summary.train_seconds = MeanOf(runs, [](const RunResult& run) {
    return IsCompleted(run) ? TrainSeconds(run) : std::nullopt;
  });
  summary.state_bytes = MeanOf(runs, [](const RunResult& run) { return run.state_bytes; });
  summary.peak_bytes = MeanOf(runs, [](const RunResult& run) { return run.peak_bytes; });
  summary.joules = MeanOf(
      runs, [](const RunResult& run) { return IsCompleted(run) ? run.joules : std::nullopt; });
}

VariantSummary Summarize(const std::string& name, const RunPointers& runs,
                         const FinalValues& final_values) {
  VariantSummary summary;
  summary.name = name;
  summary.num_runs = static_cast<int>(runs.size());
  summary.num_failed = static_cast<int>(std::ranges::count_if(runs, [](const RunResult* run) {
    return run->state == RunState::kFailed || run->state == RunState::kCancelled;
  }));
  const std::vector<double> values =
      Collect(runs, [&](const RunResult& run) { return final_values.Of(run); });
  summary.n = static_cast<int>(values.size());
  summary.mean = Mean(values);
  if (values.size() >= 2) summary.std = SampleStd(values);
  summary.excess_loss =
      MeanOf(runs, [&](const RunResult& run) { return final_values.ExcessOf(run); });
  DescribeCosts(runs, summary);
  summary.health = DistinctFindings(runs);
  return summary;
}

std::vector<double> PairedDifferences(const RunPointers& runs, const RunPointers& reference,
                                      const FinalValues& final_values) {
  std::map<uint64_t, double> reference_values;
  for (const RunResult* run : reference) {
    if (const auto value = final_values.Of(*run)) reference_values[run->seed] = *value;
  }
  std::vector<double> differences;
  for (const RunResult* run : runs) {
    const auto value = final_values.Of(*run);
    const auto paired = reference_values.find(run->seed);
    if (value && paired != reference_values.end()) differences.push_back(*value - paired->second);
  }
  return differences;
}

std::optional<VariantDifference> Describe(const std::vector<double>& differences) {
  if (differences.empty()) return std::nullopt;
  VariantDifference result{.num_pairs = static_cast<int>(differences.size()),
                           .mean = Mean(differences),
                           .ci95 = std::nullopt};
  if (differences.size() >= 2) result.ci95 = MeanInterval95(differences);
  return result;
}

int CountUnfinished(const RunPointers& runs) {
  return static_cast<int>(
      std::ranges::count_if(runs, [](const RunResult* run) { return !IsFinished(run->state); }));
}

// What the verdict of a variant rests on. Differences with a reference that diverged say nothing.
Evidence EvidenceOf(const VariantSummary& summary, const RunPointers& runs,
                    const RunPointers& reference, const FinalValues& final_values) {
  Evidence evidence;
  evidence.variant = summary.name;
  evidence.num_seeds = summary.num_runs;
  for (const RunResult* run : runs) {
    if (run->state == RunState::kFailed) evidence.failed_seeds.push_back(run->seed);
    const std::optional<double> value = final_values.Of(*run);
    if (!value) continue;
    evidence.values.push_back(*value);
    if (!std::isfinite(*value)) evidence.diverged_seeds.push_back(run->seed);
  }
  evidence.num_unfinished = CountUnfinished(runs) + CountUnfinished(reference);
  for (double difference : PairedDifferences(runs, reference, final_values)) {
    if (std::isfinite(difference)) evidence.differences.push_back(difference);
  }
  return evidence;
}

std::string WhyBytesDiffer(const VariantSummary& variant, const VariantSummary& reference) {
  if (!variant.weight_bytes || !reference.weight_bytes) {
    return "the bytes of its weights are not known";
  }
  const double share = std::abs(*variant.weight_bytes - *reference.weight_bytes) /
                       std::max(*variant.weight_bytes, *reference.weight_bytes);
  if (share <= kEqualBytes) return "";
  return absl::StrCat("its weights take ", std::llround(*variant.weight_bytes), " bytes, those of ",
                      reference.name, " ", std::llround(*reference.weight_bytes),
                      ": not equally many (computed from the layer tables)");
}

void WarnOfMissingRuns(const VariantSummary& variant, const RunPointers& runs,
                       const ComparisonQuestion& question, const FinalValues& final_values,
                       std::vector<std::string>& warnings) {
  auto warn = [&](int64_t count, const std::string& what) {
    if (count == 0) return;
    warnings.push_back(
        absl::StrCat(variant.name, ": ", count, " of ", variant.num_runs, " runs ", what));
  };
  warn(variant.num_failed, "failed or were cancelled");
  warn(CountUnfinished(runs), "have not finished");
  const auto without_value = std::ranges::count_if(
      runs, [&](const RunResult* run) { return IsCompleted(*run) && !final_values.Of(*run); });
  warn(without_value, question.last == 1 ? "completed without a value of the metric"
                                         : absl::StrCat("completed with fewer than ", question.last,
                                                        " values of the metric"));
}

std::vector<ParetoFront> FindFronts(const ComparisonQuestion& question,
                                    const std::vector<VariantSummary>& variants) {
  const metric::Better better = metric::BetterOf(question.metric);
  if (better == metric::Better::kNeither) return {};
  const std::pair<const char*, std::optional<double> VariantSummary::*> costs[] = {
      {"weight_bytes", &VariantSummary::weight_bytes},
      {"train_seconds", &VariantSummary::train_seconds},
      {"joules", &VariantSummary::joules}};
  std::vector<ParetoFront> fronts;
  for (const auto& [name, cost] : costs) {
    std::vector<CostedVariant> known;
    for (const VariantSummary& variant : variants) {
      if (variant.n > 0 && variant.*cost) {
        known.push_back({variant.name, variant.mean, *(variant.*cost)});
      }
    }
    if (known.size() >= 2) fronts.push_back(FindFront(name, known, better));
  }
  return fronts;
}

void SetVerdicts(const ComparisonQuestion& question, std::vector<Evidence> evidence,
                 Comparison& comparison) {
  const auto reference =
      std::ranges::find(comparison.variants, question.reference, &VariantSummary::name);
  for (size_t i = 0; i < evidence.size(); ++i) {
    evidence[i].is_reference = comparison.variants[i].name == question.reference;
    if (question.axis != ComparisonAxis::kBytes || evidence[i].is_reference) continue;
    evidence[i].not_comparable = WhyBytesDiffer(comparison.variants[i], *reference);
    if (!evidence[i].not_comparable.empty()) comparison.variants[i].difference.reset();
  }
  const std::vector<ComparisonVerdict> verdicts =
      Judge({.reference = question.reference,
             .metric = question.metric,
             .better = metric::BetterOf(question.metric),
             .margin = question.margin},
            evidence);
  for (size_t i = 0; i < verdicts.size(); ++i) comparison.variants[i].verdict = verdicts[i];
}

void Append(std::vector<std::string> more, std::vector<std::string>& warnings) {
  for (std::string& one : more) warnings.push_back(std::move(one));
}

}  // namespace

std::string DefaultReference(std::span<const std::string> variants) {
  const auto baseline = std::ranges::find(variants, "baseline");
  return baseline != variants.end() ? *baseline : variants.front();
}

int64_t DefaultLast(const ComparisonQuestion& question) {
  if (!question.metric.starts_with("val/")) return 1;
  const auto reference =
      std::ranges::find(question.variants, question.reference, &VariantDocument::name);
  if (reference == question.variants.end()) return 1;
  const std::optional<spec::RunSpec> run = RunOf(*reference);
  return run ? run->training.final_average : 1;
}

std::string WhyNotComparable(const ComparisonQuestion& question, std::span<const RunResult> runs) {
  if (question.axis != ComparisonAxis::kTime) return "";
  std::set<std::string> places;
  for (const RunResult& run : runs) {
    if (!IsCompleted(run)) continue;
    for (const std::string& host : run.hosts) {
      const std::string& device = run.started().device;
      places.insert(device.empty() ? host : absl::StrCat(host, " (", device, ")"));
    }
  }
  if (places.size() < 2) return "";
  return absl::StrCat("time can be compared on one machine only, and the runs were computed on ",
                      absl::StrJoin(places, ", "));
}

Comparison Compare(const ComparisonQuestion& question, std::span<const RunResult> runs) {
  const FinalValues final_values(question, runs);
  Comparison comparison;
  comparison.reference = question.reference;
  comparison.limit = final_values.limit();
  const RunPointers reference_runs = RunsOf(runs, question.reference);
  std::vector<Evidence> evidence;
  for (const VariantDocument& variant : question.variants) {
    const RunPointers variant_runs = RunsOf(runs, variant.name);
    VariantSummary summary = Summarize(variant.name, variant_runs, final_values);
    if (variant.name != question.reference) {
      summary.difference = Describe(PairedDifferences(variant_runs, reference_runs, final_values));
    }
    WarnOfMissingRuns(summary, variant_runs, question, final_values, comparison.warnings);
    evidence.push_back(EvidenceOf(summary, variant_runs, reference_runs, final_values));
    comparison.variants.push_back(std::move(summary));
  }
  SetVerdicts(question, std::move(evidence), comparison);
  comparison.fronts = FindFronts(question, comparison.variants);
  if (!comparison.limit) Append(WarnOfDifferentEnds(runs), comparison.warnings);
  Append(WarnOfDifferentPlaces(runs), comparison.warnings);
  Append(WarnOfChangesOnResume(runs), comparison.warnings);
  Append(UnintendedDifferences(question.variants, question.reference), comparison.warnings);
  return comparison;
}

}  // namespace fp4::core
