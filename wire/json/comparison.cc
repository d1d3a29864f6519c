#include "absl/strings/ascii.h"
#include "wire/json/messages.h"
#include "wire/json/values.h"
#include "wire/names.h"

namespace fp4::wire {
namespace {

Json DifferenceJson(const v1::Difference& difference) {
  Json ci95;
  if (difference.has_ci95()) {
    ci95 = {Number(difference.ci95().low()), Number(difference.ci95().high())};
  }
  return {{"mean", Number(difference.mean())}, {"ci95", ci95}, {"n", difference.n()}};
}

// Null of a controller that gives none.
Json VerdictJson(const v1::VariantComparison& variant) {
  if (!variant.has_verdict()) return {};
  const v1::Verdict& verdict = variant.verdict();
  return {{"kind", absl::AsciiStrToLower(v1::Verdict::Kind_Name(verdict.kind()))},
          {"text", verdict.text()},
          {"p_holm", OptionalNumber(verdict.has_p_holm(), verdict.p_holm())},
          {"seeds_needed", verdict.has_seeds_needed() ? Json(verdict.seeds_needed()) : Json()}};
}

Json VariantJson(const v1::VariantComparison& variant) {
  const bool differs = variant.has_difference() && variant.difference().n() > 0;
  return {
      {"name", variant.name()},
      {"n", variant.n()},
      {"mean", OptionalNumber(variant.n() > 0, variant.mean())},
      {"std", OptionalNumber(variant.has_std(), variant.std())},
      {"difference", differs ? DifferenceJson(variant.difference()) : Json()},
      {"verdict", VerdictJson(variant)},
      {"accuracy", OptionalNumber(variant.has_accuracy(), variant.accuracy())},
      {"excess_loss", OptionalNumber(variant.has_excess_loss(), variant.excess_loss())},
      {"tokens_per_second",
       OptionalNumber(variant.has_tokens_per_second(), variant.tokens_per_second())},
      {"bits_per_value", OptionalNumber(variant.has_bits_per_value(), variant.bits_per_value())},
      {"weight_bytes", OptionalNumber(variant.has_weight_bytes(), variant.weight_bytes())},
      {"train_seconds", OptionalNumber(variant.has_train_seconds(), variant.train_seconds())},
      {"joules", OptionalNumber(variant.has_joules(), variant.joules())},
      {"state_bytes", OptionalNumber(variant.has_state_bytes(), variant.state_bytes())},
      {"peak_bytes", OptionalNumber(variant.has_peak_bytes(), variant.peak_bytes())},
      {"health", Array(variant.health(), HealthJson)},
      {"num_failed", variant.num_failed()},
      {"num_runs", variant.num_runs()}};
}

Json FrontJson(const v1::ParetoFront& front) {
  return {{"cost", front.cost()},
          {"variants", TextArray(front.variants())},
          {"dominated", TextArray(front.dominated())}};
}

}  // namespace

std::string ComparisonJson(const v1::CompareResponse& comparison) {
  return Dump({{"experiment", comparison.experiment_id()},
               {"metric", comparison.metric()},
               {"reference", comparison.reference()},
               {"at", AxisName(comparison.at())},
               {"at_limit", OptionalNumber(comparison.has_at_limit(), comparison.at_limit())},
               {"last", comparison.last()},
               {"margin", OptionalNumber(comparison.margin() > 0, comparison.margin())},
               {"variants", Array(comparison.variants(), VariantJson)},
               {"pareto", Array(comparison.fronts(), FrontJson)},
               {"warnings", TextArray(comparison.warnings())}});
}

}  // namespace fp4::wire
