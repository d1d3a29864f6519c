#include "server/rpc/convert_comparison.h"

#include "absl/strings/str_cat.h"
#include "server/rpc/invalid_field.h"
#include "wire/events.h"

namespace fp4::rpc {
namespace {

std::vector<core::CurvePoint> CurveOf(const std::vector<store::Point>& points) {
  std::vector<core::CurvePoint> curve;
  curve.reserve(points.size());
  for (const store::Point& point : points) curve.push_back({point.step, point.value});
  return curve;
}

v1::Verdict::Kind ToProto(core::VerdictKind kind) {
  switch (kind) {
    case core::VerdictKind::kReference:
      return v1::Verdict::REFERENCE;
    case core::VerdictKind::kBetter:
      return v1::Verdict::BETTER;
    case core::VerdictKind::kWorse:
      return v1::Verdict::WORSE;
    case core::VerdictKind::kNoWorse:
      return v1::Verdict::NO_WORSE;
    case core::VerdictKind::kUndecided:
      return v1::Verdict::UNDECIDED;
    case core::VerdictKind::kFailed:
      return v1::Verdict::FAILED;
  }
  return v1::Verdict::KIND_UNSPECIFIED;
}

v1::ComparisonAxis ToProto(core::ComparisonAxis axis) {
  switch (axis) {
    case core::ComparisonAxis::kEnd:
      return v1::COMPARISON_AXIS_UNSPECIFIED;
    case core::ComparisonAxis::kSteps:
      return v1::COMPARISON_AXIS_STEPS;
    case core::ComparisonAxis::kTokens:
      return v1::COMPARISON_AXIS_TOKENS;
    case core::ComparisonAxis::kTime:
      return v1::COMPARISON_AXIS_TIME;
    case core::ComparisonAxis::kBytes:
      return v1::COMPARISON_AXIS_BYTES;
  }
  return v1::COMPARISON_AXIS_UNSPECIFIED;
}

v1::Verdict ToProto(const core::ComparisonVerdict& verdict) {
  v1::Verdict message;
  message.set_kind(ToProto(verdict.kind));
  message.set_text(verdict.text);
  if (verdict.p_holm) message.set_p_holm(*verdict.p_holm);
  if (verdict.seeds_needed) message.set_seeds_needed(*verdict.seeds_needed);
  return message;
}

v1::Difference ToProto(const core::VariantDifference& difference) {
  v1::Difference message;
  message.set_mean(difference.mean);
  message.set_n(difference.num_pairs);
  if (const auto& interval = difference.ci95) {
    message.mutable_ci95()->set_low(interval->low);
    message.mutable_ci95()->set_high(interval->high);
  }
  return message;
}

v1::VariantComparison ToProto(const core::VariantSummary& summary) {
  v1::VariantComparison message;
  message.set_name(summary.name);
  message.set_n(summary.n);
  if (summary.n > 0) message.set_mean(summary.mean);
  if (summary.std) message.set_std(*summary.std);
  if (summary.difference) *message.mutable_difference() = ToProto(*summary.difference);
  if (summary.accuracy) message.set_accuracy(*summary.accuracy);
  if (summary.tokens_per_second) message.set_tokens_per_second(*summary.tokens_per_second);
  if (summary.bits_per_value) message.set_bits_per_value(*summary.bits_per_value);
  if (summary.excess_loss) message.set_excess_loss(*summary.excess_loss);
  if (summary.weight_bytes) message.set_weight_bytes(*summary.weight_bytes);
  if (summary.train_seconds) message.set_train_seconds(*summary.train_seconds);
  if (summary.joules) message.set_joules(*summary.joules);
  if (summary.state_bytes) message.set_state_bytes(*summary.state_bytes);
  if (summary.peak_bytes) message.set_peak_bytes(*summary.peak_bytes);
  for (const spec::HealthEvent& finding : summary.health) {
    *message.add_health() = wire::ToProto(finding);
  }
  message.set_num_failed(summary.num_failed);
  message.set_num_runs(summary.num_runs);
  *message.mutable_verdict() = ToProto(summary.verdict);
  return message;
}

v1::ParetoFront ToProto(const core::ParetoFront& front) {
  v1::ParetoFront message;
  message.set_cost(front.cost);
  for (const std::string& name : front.variants) message.add_variants(name);
  for (const std::string& name : front.dominated) message.add_dominated(name);
  return message;
}

}  // namespace

core::RunResult FromStored(const store::CompareInput& input) {
  core::RunResult result;
  result.variant = input.variant;
  result.seed = input.seed;
  result.state = input.state;
  result.curve = CurveOf(input.curve);
  result.excess_loss = CurveOf(input.excess_loss);
  result.throughput = CurveOf(input.throughput);
  result.final_accuracy = input.final_accuracy;
  result.joules = input.joules;
  result.state_bytes = input.state_bytes;
  result.peak_bytes = input.peak_bytes;
  for (const std::string& json : input.started_jsons) {
    result.attempts.push_back(core::ReadStartedFacts(json));
  }
  result.hosts = input.hosts;
  result.health = input.health;
  return result;
}

absl::StatusOr<core::ComparisonAxis> FromProto(v1::ComparisonAxis axis) {
  for (core::ComparisonAxis candidate : core::kComparisonAxes) {
    if (ToProto(candidate) == axis) return candidate;
  }
  return InvalidField("at", absl::StrCat("is ", static_cast<int>(axis), ", which is no axis"));
}

v1::CompareResponse ToProto(const core::Comparison& comparison,
                            const core::ComparisonQuestion& question,
                            const std::string& experiment_id) {
  v1::CompareResponse message;
  message.set_experiment_id(experiment_id);
  message.set_metric(question.metric);
  message.set_reference(comparison.reference);
  for (const core::VariantSummary& variant : comparison.variants) {
    *message.add_variants() = ToProto(variant);
  }
  for (const std::string& warning : comparison.warnings) message.add_warnings(warning);
  message.set_at(ToProto(question.axis));
  if (comparison.limit) message.set_at_limit(*comparison.limit);
  message.set_last(static_cast<int32_t>(question.last));
  message.set_margin(question.margin);
  for (const core::ParetoFront& front : comparison.fronts) *message.add_fronts() = ToProto(front);
  return message;
}

}  // namespace fp4::rpc
