#include "server/core/search/trial.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/search/rungs.h"

namespace fp4::core {
namespace {

std::string NameOf(const spec::Experiment& experiment, const TrialPlan& plan) {
  std::string trial = absl::StrCat("trial-", plan.point + 1);
  if (experiment.variants.size() == 1) return trial;
  return absl::StrCat(experiment.variants[plan.variant].name, ".", trial);
}

// An evaluation at each rung, whatever the interval.
std::string EvalStepsOverride(const spec::Experiment& experiment, const TrialPlan& plan) {
  const spec::TrainingSpec& training = experiment.variants[plan.variant].run.training;
  std::vector<int64_t> steps = training.eval_steps;
  for (int64_t step : RungStepsOf(experiment, plan.variant)) {
    if (step != training.steps && std::ranges::count(steps, step) == 0) steps.push_back(step);
  }
  if (steps == training.eval_steps) return "";
  return absl::StrCat("training.eval_steps=[", absl::StrJoin(steps, ","), "]");
}

absl::Status Unusable(const std::vector<FieldValue>& values, const spec::Problem& problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("the values ", ValuesJson(values), " make no document: ", problem.path,
                   problem.path.empty() ? "" : ": ", problem.message));
}

}  // namespace

size_t NumGroups(const spec::Experiment& experiment) {
  return experiment.variants.size() * experiment.seeds.size();
}

TrialPlan PlanTrial(const spec::Experiment& experiment, int64_t number) {
  const auto num_groups = static_cast<int64_t>(NumGroups(experiment));
  TrialPlan plan{.number = number, .point = number / num_groups};
  plan.group = static_cast<size_t>(number % num_groups);
  plan.variant = plan.group / experiment.seeds.size();
  plan.seed = plan.group % experiment.seeds.size();
  return plan;
}

int64_t NumTrials(const spec::Experiment& experiment) {
  return NumPoints(*experiment.search) * static_cast<int64_t>(NumGroups(experiment));
}

std::vector<int64_t> RungStepsOf(const spec::Experiment& experiment, size_t variant) {
  const spec::SearchSpec& search = *experiment.search;
  if (search.method != spec::SearchMethod::kAsha) return {};
  return RungSteps(experiment.variants[variant].run.training.steps, search.min_steps,
                   search.reduction_factor);
}

absl::StatusOr<TrialVariant> MakeTrial(const spec::Experiment& experiment,
                                       std::string_view document,
                                       std::span<const std::string> overrides,
                                       const TrialPlan& plan) {
  TrialVariant trial;
  trial.values = PointValues(*experiment.search, plan.point);
  std::vector<std::string> all(overrides.begin(), overrides.end());
  for (const FieldValue& value : trial.values) {
    all.push_back(absl::StrCat(value.field, "=", value.json));
  }
  if (std::string steps = EvalStepsOverride(experiment, plan); !steps.empty()) {
    all.push_back(std::move(steps));
  }
  spec::ReadOptions options;
  options.without_search = true;
  options.as_variant = NameOf(experiment, plan);
  options.only_variant = experiment.variants[plan.variant].name;
  spec::ReadResult read = spec::ReadExperiment(document, all, options);
  if (!read.ok()) return Unusable(trial.values, read.problems.front());
  trial.variant = std::move(read.experiment.variants.front());
  return trial;
}

}  // namespace fp4::core
