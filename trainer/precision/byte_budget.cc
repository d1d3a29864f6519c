#include "trainer/precision/byte_budget.h"

#include <algorithm>

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr char kLayers[] = "precision.budget.layers";    // (layers, 3): before, now, last switch
constexpr char kCounts[] = "precision.budget.counts";    // decided_at, num_samples, num_decisions
constexpr char kSamples[] = "precision.budget.samples";  // (samples, scores, 2), oldest first
constexpr char kNumSamples[] = "precision.budget.num_samples";  // so many rows

}  // namespace

ByteBudget::ByteBudget(const spec::RunSpec& run)
    : run_(run), state_(spec::InitialBudgetState(run.budget, run.training.compute_dtype)) {}

bool ByteBudget::DecisionIsDue(int64_t update) const {
  return spec::DecisionIsDue(run_.budget, state_, update, run_.training.steps);
}

spec::Decision ByteBudget::Decide(int64_t update, const std::vector<spec::BudgetSample>& measured) {
  return spec::Decide(run_.budget, run_.training.compute_dtype, update, measured, state_);
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
  at::Tensor samples = at::empty({num_samples, num_scores(), 2}, at::kDouble);
  auto* next = samples.mutable_data_ptr<double>();
  for (const spec::BudgetSample& sample : state_.samples) {
    for (const spec::BudgetTerms& terms : sample) {
      *next++ = terms.first;
      *next++ = terms.second;
    }
  }
  const int64_t counts[] = {state_.decided_at, state_.num_samples, state_.num_decisions};
  snapshot.Add(kLayers, layers);
  snapshot.Add(kCounts, at::tensor(at::ArrayRef<int64_t>(counts), at::kLong));
  snapshot.AddCount(kNumSamples, num_samples);
  if (num_samples > 0) snapshot.Add(kSamples, samples);
}

absl::Status ByteBudget::Restore(const StateReader& reader) {
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
                       reader.Read(kSamples, {num_samples, num_scores(), 2}, at::kDouble));
  const auto* numbers = samples.const_data_ptr<double>();
  for (int64_t i = 0; i < num_samples; ++i) {
    spec::BudgetSample& sample = state_.samples.emplace_back();
    for (int64_t score = 0; score < num_scores(); ++score, numbers += 2)
      sample.push_back({numbers[0], numbers[1]});
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
