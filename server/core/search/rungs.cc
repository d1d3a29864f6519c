#include "server/core/search/rungs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "spec/events.h"

namespace fp4::core {
namespace {

constexpr double kWorst = std::numeric_limits<double>::infinity();

template <typename Entries>
int64_t CountDominators(const Entries& entries, std::span<const double> losses) {
  return std::ranges::count_if(
      entries, [&](const RungEntry& other) { return Dominates(other.losses, losses); });
}

std::string Fault(const spec::SearchConstraint& constraint, double value) {
  const bool below = constraint.min && value < *constraint.min;
  const bool above = constraint.max && value > *constraint.max;
  if (!below && !above) return "";
  return absl::StrCat(constraint.quantity, " is ", spec::FormatNumber(value),
                      below ? ", below the min of " : ", above the max of ",
                      spec::FormatNumber(below ? *constraint.min : *constraint.max));
}

}  // namespace

std::vector<int64_t> RungSteps(int64_t num_steps, int64_t min_steps, int64_t factor) {
  std::vector<int64_t> steps;
  if (num_steps < min_steps) return steps;
  int64_t num_rungs = 1;
  for (int64_t rest = num_steps / factor; rest >= min_steps; rest /= factor) ++num_rungs;
  int64_t divisor = 1;
  for (int64_t i = 0; i < num_rungs; ++i, divisor *= factor) {
    const int64_t step = std::max<int64_t>(1, num_steps / divisor);
    if (steps.empty() || step != steps.back()) steps.push_back(step);
  }
  std::ranges::reverse(steps);
  return steps;
}

bool Dominates(std::span<const double> a, std::span<const double> b) {
  bool better = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better |= a[i] < b[i];
  }
  return better;
}

RungDecision Rung::Report(RungEntry entry, int64_t factor) {
  entries_.push_back(std::move(entry));
  const bool several = entries_.back().losses.size() > 1;
  const auto rank = [&](const RungEntry& one) {
    return std::tuple(several ? CountDominators(entries_, one.losses) : 0, one.losses[0],
                      one.trial);
  };
  const RungEntry& newcomer = entries_.back();
  const auto own = rank(newcomer);
  RungDecision decision;
  decision.of = static_cast<int64_t>(entries_.size());
  decision.place =
      1 + std::ranges::count_if(entries_, [&](const RungEntry& one) { return rank(one) < own; });
  decision.go_on = std::max<int64_t>(1, decision.of / factor);
  decision.on_front = several && newcomer.losses[0] < kWorst && std::get<0>(own) == 0;
  decision.kept = decision.place <= decision.go_on || decision.on_front;
  return decision;
}

std::vector<double> Losses(const spec::SearchSpec& search, std::span<const double> values,
                           bool broken) {
  std::vector<double> losses(search.metrics.size(), kWorst);
  if (broken || !std::isfinite(values[0])) return losses;
  for (size_t i = 0; i < losses.size(); ++i) {
    if (std::isfinite(values[i])) losses[i] = search.metrics[i].maximize ? -values[i] : values[i];
  }
  return losses;
}

std::string BrokenConstraints(const spec::SearchSpec& search, std::span<const double> values) {
  std::vector<std::string> faults;
  for (size_t i = 0; i < search.constraints.size(); ++i) {
    std::string fault = Fault(search.constraints[i], values[i]);
    if (!fault.empty()) faults.push_back(std::move(fault));
  }
  return absl::StrJoin(faults, "; ");
}

std::string DescribeDecision(const spec::SearchSpec& search, const RungDecision& decision,
                             double metric, int64_t step, const std::string& broken) {
  std::string text =
      absl::StrCat(search.metrics[0].name, " ", spec::FormatNumber(metric), " at step ", step,
                   " is place ", decision.place, " of ", decision.of);
  if (!broken.empty()) absl::StrAppend(&text, ", as the worst (", broken, ")");
  absl::StrAppend(&text, "; the best ", decision.go_on,
                  decision.go_on == 1 ? " goes on" : " go on");
  if (decision.on_front) absl::StrAppend(&text, ", and it is on the front");
  return text;
}

std::vector<bool> BestOf(std::span<const std::vector<double>> losses) {
  std::vector<bool> best;
  for (const std::vector<double>& own : losses) {
    const bool beaten = std::ranges::any_of(
        losses, [&](const std::vector<double>& other) { return Dominates(other, own); });
    best.push_back(own[0] < kWorst && !beaten);
  }
  return best;
}

}  // namespace fp4::core
