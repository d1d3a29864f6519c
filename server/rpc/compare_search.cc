#include "server/rpc/compare_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"

namespace fp4::rpc {
namespace {

// The mean of the first metric over the completed trials of each variant; smaller is better.
std::map<std::string, double> MeanLosses(const store::SearchRecord& search) {
  std::map<std::string, std::pair<double, int>> sums;
  const double sign = search.goals.at(0) == "maximize" ? -1 : 1;
  for (const store::TrialRecord& trial : search.trials) {
    if (trial.metrics.empty()) continue;
    const double value = trial.metrics[0];
    auto& [sum, count] = sums[trial.variant];
    sum += std::isfinite(value) ? sign * value : std::numeric_limits<double>::infinity();
    ++count;
  }
  std::map<std::string, double> means;
  for (const auto& [variant, sum] : sums) means[variant] = sum.first / sum.second;
  return means;
}

}  // namespace

std::string ArrangeTrials(const store::SearchRecord& search, core::ComparisonQuestion& question) {
  const std::map<std::string, double> means = MeanLosses(search);
  if (means.empty()) return "a search of which no trial has completed yet";
  std::erase_if(question.variants,
                [&](const core::VariantDocument& one) { return !means.contains(one.name); });
  std::ranges::stable_sort(question.variants, {},
                           [&](const core::VariantDocument& one) { return means.at(one.name); });
  const auto num_completed = std::ranges::count_if(
      search.trials, [](const store::TrialRecord& trial) { return !trial.metrics.empty(); });
  return absl::StrCat("a search: its ", num_completed, " completed trials of ", search.num_trials,
                      ", the best by ", search.metrics.at(0),
                      " first; a difference to the best of many is larger than one between two "
                      "variants chosen beforehand");
}

}  // namespace fp4::rpc
