#include "trainer/health/anomaly.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fp4::trainer {
namespace {

// A deviation of less than this share of the mean is rounding, and nothing is measured by it.
constexpr double kSmallestDeviation = 1e-6;

}  // namespace

void UsualValues::Accept(double value) {
  values_.push_back(value);
  if (static_cast<int64_t>(values_.size()) > window_) values_.pop_front();
}

std::optional<UsualValues::Spread> UsualValues::spread() const {
  const auto count = static_cast<int64_t>(values_.size());
  if (count < std::max<int64_t>(2, window_ / 2)) return std::nullopt;
  double sum = 0;
  for (const double value : values_) sum += value;
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (const double value : values_) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(count - 1));
  return Spread{mean, std::max(deviation, kSmallestDeviation * std::abs(mean)), count};
}

bool Anomaly::finite() const { return std::isfinite(value); }

std::string Anomaly::Describe() const {
  std::string is = absl::StrCat(std::string(what), " is ", value);
  if (!finite()) return is;
  return absl::StrCat(is, ", above the mean ", usual.mean, " of ", usual.count, " steps by ",
                      absl::StrFormat("%.1f", (value - usual.mean) / usual.deviation),
                      " standard deviations");
}

AnomalyPolicy::AnomalyPolicy(const spec::AnomalySpec& spec)
    : spec_(spec), loss_(spec.window), gradient_norm_(spec.window) {}

std::optional<Anomaly> AnomalyPolicy::Find(double loss, double gradient_norm) const {
  const std::pair<Anomaly, const UsualValues*> numbers[] = {
      {{"the loss", loss, {}}, &loss_},
      {{"the gradient norm", gradient_norm, {}}, &gradient_norm_}};
  for (const auto& [anomaly, values] : numbers) {
    if (!anomaly.finite()) return anomaly;
  }
  if (spec_.action == spec::AnomalyAction::kStop) return std::nullopt;
  for (const auto& [anomaly, values] : numbers) {
    const std::optional<UsualValues::Spread> usual = values->spread();
    if (usual && anomaly.value - usual->mean > spec_.sigma * usual->deviation)
      return Anomaly{anomaly.what, anomaly.value, *usual};
  }
  return std::nullopt;
}

AnomalyVerdict AnomalyPolicy::VerdictOn(const Anomaly& anomaly, int64_t checkpoint) const {
  const auto at_most = [](int64_t count, AnomalyVerdict verdict) {
    return count < kMostInARow ? verdict : AnomalyVerdict::kEnd;
  };
  switch (spec_.action) {
    case spec::AnomalyAction::kStop:
      return AnomalyVerdict::kEnd;
    case spec::AnomalyAction::kLog:
      if (anomaly.finite()) return AnomalyVerdict::kApply;
      return at_most(left_out_in_a_row_, AnomalyVerdict::kLeaveOut);
    case spec::AnomalyAction::kSkip:
      return at_most(left_out_in_a_row_, AnomalyVerdict::kLeaveOut);
    case spec::AnomalyAction::kRollback:
      return at_most(TimesGoneBackSince(checkpoint), AnomalyVerdict::kGoBack);
  }
  return AnomalyVerdict::kEnd;
}

int64_t AnomalyPolicy::TimesGoneBackSince(int64_t checkpoint) const {
  return history_.went_back_to >= checkpoint ? history_.times_gone_back : 0;
}

AnomalyJudgement AnomalyPolicy::Judge(double loss, double gradient_norm, int64_t checkpoint) {
  AnomalyJudgement judgement{.anomaly = Find(loss, gradient_norm)};
  if (judgement.anomaly) {
    judgement.verdict = VerdictOn(*judgement.anomaly, checkpoint);
    ++history_.num_anomalies;
    judgement.tell = judgement.verdict == AnomalyVerdict::kEnd ||
                     judgement.verdict == AnomalyVerdict::kGoBack ||
                     history_.num_anomalies <= kToldOneByOne ||
                     std::has_single_bit(static_cast<uint64_t>(history_.num_anomalies));
  }
  if (judgement.verdict == AnomalyVerdict::kLeaveOut) ++left_out_in_a_row_;
  if (judgement.verdict != AnomalyVerdict::kApply) return judgement;
  left_out_in_a_row_ = 0;
  if (spec_.action == spec::AnomalyAction::kStop) return judgement;
  loss_.Accept(loss);
  gradient_norm_.Accept(gradient_norm);
  return judgement;
}

void AnomalyPolicy::set_state(State state) {
  loss_ = std::move(state.loss);
  gradient_norm_ = std::move(state.gradient_norm);
  left_out_in_a_row_ = state.left_out_in_a_row;
  history_ = state.history;
}

void AnomalyPolicy::WentBack(const History& before, int64_t update, int64_t step) {
  history_ = before;
  history_.data_offset += update - step;
  history_.times_gone_back = TimesGoneBackSince(step) + 1;
  history_.went_back_to = step;
}

}  // namespace fp4::trainer
