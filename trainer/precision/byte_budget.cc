#include "trainer/precision/byte_budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "spec/budget/limit.h"

namespace fp4::trainer {
namespace {

constexpr char kLayers[] = "precision.budget.layers";    // (layers, 3): before, now, last switch
constexpr char kCounts[] = "precision.budget.counts";    // decided_at, num_samples, num_decisions
constexpr char kSamples[] = "precision.budget.samples";  // (samples, scores), oldest first
constexpr char kNumSamples[] = "precision.budget.num_samples";  // so many rows
// Of a budget in seconds: whether the layers' products are measured, and what they take (scores).
constexpr char kMeasured[] = "precision.budget.measured";
constexpr char kNanoseconds[] = "precision.budget.nanoseconds";

}  // namespace

ByteBudget::ByteBudget(const spec::RunSpec& run)
    : run_(run), state_(spec::InitialBudgetState(run.budget, run.training.compute_dtype)) {}

bool ByteBudget::DecisionIsDue(int64_t update) const {
  return spec::DecisionIsDue(run_.budget, state_, update, run_.training.steps);
}

absl::Status ByteBudget::TakeTimes(spec::LayerCosts nanoseconds) {
  const std::string why = spec::WhyTooSmall(run_.budget, nanoseconds);
  if (!why.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("precision.budget.step_seconds is ",
                                                   run_.budget.step_seconds,
                                                   ", and on this machine ", why));
  }
  state_.nanoseconds = std::move(nanoseconds);
  return absl::OkStatus();
}

spec::Decision ByteBudget::Decide(int64_t update, const std::vector<spec::BudgetSample>& measured) {
  return spec::Decide(run_.budget, run_.training.compute_dtype, update, measured, state_);
}

void ByteBudget::TellTimes(spec::ScoreTable& table) const {
  for (spec::LayerScores& layer : table.layers) {
    for (size_t i = 0; i < state_.nanoseconds.size(); ++i) {
      const auto& candidates = run_.budget.candidates.layers[i];
      if (candidates.front().row.layer != layer.layer) continue;
      for (spec::Score& score : layer.scores) {
        const auto found = std::ranges::find_if(candidates, [&](const spec::LayerCandidate& one) {
          return one.row.recipe == score.recipe;
        });
        const auto candidate = static_cast<size_t>(found - candidates.begin());
        score.seconds = static_cast<double>(state_.nanoseconds[i][candidate]) / 1e9;
      }
    }
  }
}

std::vector<spec::LayerPrecision> ByteBudget::Table(const std::vector<spec::LayerPrecision>& table,
                                                    const std::vector<int32_t>& assignment) const {
  std::vector<spec::LayerPrecision> changed = table;
  for (size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] < 0) continue;
    const spec::LayerPrecision& row =
        run_.budget.candidates.layers[i][static_cast<size_t>(assignment[i])].row;
    *std::ranges::find(changed, row.layer, &spec::LayerPrecision::layer) = row;
  }
  return changed;
}

int64_t ByteBudget::num_scores() const {
  int64_t count = 0;
  for (const auto& layer : run_.budget.candidates.layers)
    count += static_cast<int64_t>(layer.size());
  return count;
}

void ByteBudget::Save(StateSnapshot& snapshot) const {
  const auto num_layers = static_cast<int64_t>(state_.now.size());
  at::Tensor layers = at::empty({num_layers, 3}, at::kLong);
  auto layer = layers.accessor<int64_t, 2>();
  for (int64_t i = 0; i < num_layers; ++i) {
    layer[i][0] = state_.before[static_cast<size_t>(i)];
    layer[i][1] = state_.now[static_cast<size_t>(i)];
    layer[i][2] = state_.last_switch[static_cast<size_t>(i)];
  }
  const auto num_samples = static_cast<int64_t>(state_.samples.size());
  at::Tensor samples = at::empty({num_samples, num_scores()}, at::kDouble);
  auto* next = samples.mutable_data_ptr<double>();
  for (const spec::BudgetSample& sample : state_.samples)
    next = std::ranges::copy(sample, next).out;
  const int64_t counts[] = {state_.decided_at, state_.num_samples, state_.num_decisions};
  snapshot.Add(kLayers, layers);
  snapshot.Add(kCounts, at::tensor(at::ArrayRef<int64_t>(counts), at::kLong));
  snapshot.AddCount(kNumSamples, num_samples);
  if (num_samples > 0) snapshot.Add(kSamples, samples);
  if (run_.budget.unit != spec::BudgetUnit::kNanoseconds) return;
  snapshot.AddCount(kMeasured, state_.nanoseconds.empty() ? 0 : 1);
  if (state_.nanoseconds.empty()) return;
  std::vector<int64_t> times;
  for (const std::vector<int64_t>& layer : state_.nanoseconds)
    times.insert(times.end(), layer.begin(), layer.end());
  snapshot.Add(kNanoseconds, at::tensor(times, at::kLong));
}

absl::Status ByteBudget::RestoreTimes(const StateReader& reader) {
  state_.nanoseconds.clear();
  if (run_.budget.unit != spec::BudgetUnit::kNanoseconds) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(const int64_t measured, reader.ReadCount(kMeasured));
  if (measured == 0) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(const at::Tensor times,
                       reader.Read(kNanoseconds, {num_scores()}, at::kLong));
  const auto* next = times.const_data_ptr<int64_t>();
  for (const auto& layer : run_.budget.candidates.layers) {
    const auto count = static_cast<std::ptrdiff_t>(layer.size());
    state_.nanoseconds.emplace_back(next, next + count);
    next += count;
  }
  return absl::OkStatus();
}

absl::Status ByteBudget::Restore(const StateReader& reader) {
  FP4_RETURN_IF_ERROR(RestoreTimes(reader));
  const auto num_layers = static_cast<int64_t>(state_.now.size());
  FP4_ASSIGN_OR_RETURN(const at::Tensor layers, reader.Read(kLayers, {num_layers, 3}, at::kLong));
  FP4_ASSIGN_OR_RETURN(const at::Tensor counts, reader.Read(kCounts, {3}, at::kLong));
  FP4_ASSIGN_OR_RETURN(const int64_t num_samples, reader.ReadCount(kNumSamples));
  const auto layer = layers.accessor<int64_t, 2>();
  for (int64_t i = 0; i < num_layers; ++i) {
    state_.before[static_cast<size_t>(i)] = static_cast<int32_t>(layer[i][0]);
    state_.now[static_cast<size_t>(i)] = static_cast<int32_t>(layer[i][1]);
    state_.last_switch[static_cast<size_t>(i)] = layer[i][2];
  }
  const auto* count = counts.const_data_ptr<int64_t>();
  state_.decided_at = count[0];
  state_.num_samples = count[1];
  state_.num_decisions = count[2];
  state_.samples.clear();
  if (num_samples == 0) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(const at::Tensor samples,
                       reader.Read(kSamples, {num_samples, num_scores()}, at::kDouble));
  const auto* numbers = samples.const_data_ptr<double>();
  for (int64_t i = 0; i < num_samples; ++i, numbers += num_scores())
    state_.samples.emplace_back(numbers, numbers + num_scores());
  return absl::OkStatus();
}

}  // namespace fp4::trainer
