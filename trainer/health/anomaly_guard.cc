#include "trainer/health/anomaly_guard.h"

#include <algorithm>

#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr char kValues[] = "training.anomaly.values";
constexpr char kCounts[] = "training.anomaly.counts";

UsualValues Taken(const double* values, int64_t count, int64_t window) {
  UsualValues taken(window);
  for (int64_t i = 0; i < count; ++i) taken.Accept(values[i]);
  return taken;
}

}  // namespace

void AnomalyGuard::Save(StateSnapshot& snapshot) const {
  if (spec_.action == spec::AnomalyAction::kStop) return;
  const AnomalyPolicy::State state = policy_.state();
  at::Tensor values = at::zeros({2, spec_.window}, at::kDouble);
  std::ranges::copy(state.loss.values(), values[0].mutable_data_ptr<double>());
  std::ranges::copy(state.gradient_norm.values(), values[1].mutable_data_ptr<double>());
  snapshot.Add(kValues, values);
  const AnomalyPolicy::History& history = state.history;
  const int64_t counts[] = {static_cast<int64_t>(state.loss.values().size()),
                            state.left_out_in_a_row,
                            history.num_anomalies,
                            history.data_offset,
                            history.went_back_to,
                            history.times_gone_back};
  snapshot.Add(kCounts, at::tensor(at::ArrayRef<int64_t>(counts), at::kLong));
}

absl::Status AnomalyGuard::Restore(const StateReader& reader) {
  if (spec_.action == spec::AnomalyAction::kStop) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(const at::Tensor values,
                       reader.Read(kValues, {2, spec_.window}, at::kDouble));
  FP4_ASSIGN_OR_RETURN(const at::Tensor stored, reader.Read(kCounts, {6}, at::kLong));
  const auto* counts = stored.const_data_ptr<int64_t>();
  if (counts[0] < 0 || counts[0] > spec_.window)
    return absl::DataLossError(
        absl::StrCat("checkpoint whose ", kCounts, " has ", counts[0], " values in the window"));
  const auto* losses = values.const_data_ptr<double>();
  policy_.set_state({.loss = Taken(losses, counts[0], spec_.window),
                     .gradient_norm = Taken(losses + spec_.window, counts[0], spec_.window),
                     .left_out_in_a_row = counts[1],
                     .history = {.num_anomalies = counts[2],
                                 .data_offset = counts[3],
                                 .went_back_to = counts[4],
                                 .times_gone_back = counts[5]}});
  return absl::OkStatus();
}

}  // namespace fp4::trainer
