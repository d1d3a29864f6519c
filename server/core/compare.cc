#include "server/core/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fp4::core {
namespace {

using RunPointers = std::vector<const RunResult*>;

RunPointers RunsOf(std::span<const RunResult> runs, const std::string& variant) {
  RunPointers result;
  for (const RunResult& run : runs) {
    if (run.variant == variant) result.push_back(&run);
  }
  return result;
}

std::optional<double> FinalValue(const RunResult& run) {
  return run.state == RunState::kCompleted ? run.final_value : std::nullopt;
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

std::optional<VariantDifference> PairedDifference(const RunPointers& runs,
                                                  const RunPointers& reference) {
  std::map<uint64_t, double> reference_values;
  for (const RunResult* run : reference) {
    if (const auto value = FinalValue(*run)) reference_values[run->seed] = *value;
  }
  std::vector<double> differences;
  for (const RunResult* run : runs) {
    const auto value = FinalValue(*run);
    const auto paired = reference_values.find(run->seed);
    if (value && paired != reference_values.end()) differences.push_back(*value - paired->second);
  }
  if (differences.empty()) return std::nullopt;
  VariantDifference result{.num_pairs = static_cast<int>(differences.size()),
                           .mean = Mean(differences),
                           .ci95 = std::nullopt};
  if (differences.size() >= 2) result.ci95 = MeanInterval95(differences);
  return result;
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

VariantSummary Summarize(const std::string& name, const RunPointers& runs) {
  VariantSummary summary;
  summary.name = name;
  summary.num_runs = static_cast<int>(runs.size());
  summary.num_failed = static_cast<int>(std::ranges::count_if(runs, [](const RunResult* run) {
    return run->state == RunState::kFailed || run->state == RunState::kCancelled;
  }));
  const std::vector<double> values = Collect(runs, FinalValue);
  summary.n = static_cast<int>(values.size());
  summary.mean = Mean(values);
  if (values.size() >= 2) summary.std = SampleStd(values);
  summary.accuracy = MeanOf(runs, [](const RunResult& run) {
    return run.state == RunState::kCompleted ? run.final_accuracy : std::nullopt;
  });
  summary.tokens_per_second =
      MeanOf(runs, [](const RunResult& run) { return run.tokens_per_second; });
  summary.bits_per_value =
      MeanOf(runs, [](const RunResult& run) { return run.started.bits_per_value; });
  summary.health = DistinctFindings(runs);
  return summary;
}

// "runs differ in threads: 1 (3 runs), 2 (6 runs)", or nothing when all that say it agree.
void WarnIfDifferent(std::span<const RunResult> runs, std::string_view what,
                     std::string StartedFacts::*fact, std::vector<std::string>& warnings) {
  std::map<std::string, int> counts;
  for (const RunResult& run : runs) {
    if (!(run.started.*fact).empty()) ++counts[run.started.*fact];
  }
  if (counts.size() < 2) return;
  warnings.push_back(absl::StrCat(
      "runs differ in ", std::string(what), ": ",
      absl::StrJoin(counts, ", ",
                    [](std::string* out, const std::pair<const std::string, int>& entry) {
                      absl::StrAppend(out, entry.first, " (", entry.second,
                                      entry.second == 1 ? " run)" : " runs)");
                    })));
}

void WarnOfMissingRuns(const VariantSummary& variant, const RunPointers& runs,
                       std::vector<std::string>& warnings) {
  const auto unfinished =
      std::ranges::count_if(runs, [](const RunResult* run) { return !IsFinished(run->state); });
  const auto without_value = std::ranges::count_if(runs, [](const RunResult* run) {
    return run->state == RunState::kCompleted && !run->final_value.has_value();
  });
  auto warn = [&](int64_t count, std::string_view what) {
    if (count == 0) return;
    warnings.push_back(absl::StrCat(variant.name, ": ", count, " of ", variant.num_runs, " runs ",
                                    std::string(what)));
  };
  warn(variant.num_failed, "failed or were cancelled");
  warn(unfinished, "have not finished");
  warn(without_value, "completed without a value of the metric");
}

}  // namespace

std::string DefaultReference(std::span<const std::string> variants) {
  const auto baseline = std::ranges::find(variants, "baseline");
  return baseline != variants.end() ? *baseline : variants.front();
}

Comparison Compare(std::span<const std::string> variants, const std::string& reference,
                   std::span<const RunResult> runs) {
  Comparison comparison;
  comparison.reference = reference;
  const RunPointers reference_runs = RunsOf(runs, reference);
  for (const std::string& name : variants) {
    const RunPointers variant_runs = RunsOf(runs, name);
    VariantSummary summary = Summarize(name, variant_runs);
    if (name != reference) summary.difference = PairedDifference(variant_runs, reference_runs);
    WarnOfMissingRuns(summary, variant_runs, comparison.warnings);
    comparison.variants.push_back(std::move(summary));
  }
  WarnIfDifferent(runs, "compute type", &StartedFacts::compute_dtype, comparison.warnings);
  WarnIfDifferent(runs, "threads", &StartedFacts::threads, comparison.warnings);
  WarnIfDifferent(runs, "instruction set", &StartedFacts::instruction_set, comparison.warnings);
  WarnIfDifferent(runs, "device", &StartedFacts::device, comparison.warnings);
  return comparison;
}

}  // namespace fp4::core
