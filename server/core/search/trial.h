// Trials of a search: which run the next one is, and its document. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/search/values.h"
#include "spec/document.h"

namespace fp4::core {

// Trials are numbered over all points, variants and seeds, the seeds fastest. Each variant and seed
// is a search of its own over the same points: its group.
struct TrialPlan {
  int64_t number = 0, point = 0;
  size_t variant = 0, seed = 0;  // indices in the experiment
  size_t group = 0;
};

size_t NumGroups(const spec::Experiment& experiment);
TrialPlan PlanTrial(const spec::Experiment& experiment, int64_t number);
// Trials that there are at all, if each had a document.
int64_t NumTrials(const spec::Experiment& experiment);

// Of the trial's variant; none but of asha.
std::vector<int64_t> RungStepsOf(const spec::Experiment& experiment, size_t variant);

struct TrialVariant {
  spec::Variant variant;  // named "trial-7", of several variants "fp4.trial-7": by the point
  std::vector<FieldValue> values;
};

// The document of a point of the plan's variant: the experiment's text and overrides, and over them
// the values, with an evaluation at each rung. INVALID_ARGUMENT: the values make no document
// together; says what is wrong.
absl::StatusOr<TrialVariant> MakeTrial(const spec::Experiment& experiment,
                                       std::string_view document,
                                       std::span<const std::string> overrides,
                                       const TrialPlan& plan);

}  // namespace fp4::core
