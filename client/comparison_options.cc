#include "client/comparison_options.h"

#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/number.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "client/errors.h"
#include "client/metric_names.h"
#include "wire/names.h"

namespace fp4::client {
namespace {

// The controller's message begins with the field of the request, which is called as the option is.
absl::Status FromRefusal(const absl::Status& status) {
  if (ReasonOf(status) != reason::kInvalidArgument) return status;
  const std::string message = absl::StrCat("--", std::string(status.message()));
  for (const char* name : {"reference:", "metric:"}) {
    if (absl::StartsWith(status.message(), name)) return NoSuch(message);
  }
  return WithExitCode(absl::InvalidArgumentError(message), ExitCode::kUsage);
}

struct Margin {
  double value = 0;    // 0: none is asked for
  bool share = false;  // of the reference's mean
};

absl::StatusOr<Margin> ParseMargin(std::string_view text) {
  if (text == "none") return Margin{};
  Margin margin{.share = text.ends_with('%')};
  const std::string_view digits = text.substr(0, text.size() - (margin.share ? 1 : 0));
  const absl::StatusOr<double> number = ParseNumber<double>(digits);
  if (!number.ok() || *number <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--margin: is '", std::string(text),
        "'; allowed: none, or a number above 0, in the metric's unit or with % behind it"));
  }
  margin.value = margin.share ? *number / 100 : *number;
  return margin;
}

v1::CompareRequest RequestOf(const std::string& experiment, const ComparisonOptions& options) {
  v1::CompareRequest request;
  request.set_experiment_id(experiment);
  request.set_metric(options.metric);
  request.set_reference(options.reference);
  request.set_last(static_cast<int32_t>(options.last));
  if (!options.at.empty()) request.set_at(wire::AxisOfName(options.at).value());
  return request;
}

// An answer without a number may come of a slip in the metric's name.
absl::Status CheckMetric(const v1::CompareResponse& comparison, Connection& connection) {
  for (const v1::VariantComparison& variant : comparison.variants()) {
    if (variant.n() > 0) return absl::OkStatus();
  }
  FP4_ASSIGN_OR_RETURN(const v1::Experiment experiment,
                       connection.GetExperiment(comparison.experiment_id()));
  FP4_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      MetricNames({experiment.runs().begin(), experiment.runs().end()}, connection));
  return CheckMetricName(comparison.metric(), names);
}

// What a share is one of.
absl::StatusOr<double> MeanOfReference(const v1::CompareResponse& comparison) {
  for (const v1::VariantComparison& variant : comparison.variants()) {
    const bool usable = variant.n() > 0 && std::isfinite(variant.mean()) && variant.mean() != 0;
    if (variant.name() == comparison.reference() && usable) return variant.mean();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("--margin: is a share of ", comparison.metric(), " of '", comparison.reference(),
                   "', which has no finite value yet, or 0; give the margin in the metric's unit"));
}

}  // namespace

absl::Status ComparisonOptions::Check() const { return ParseMargin(margin).status(); }

std::vector<Option> ComparisonOptions::Options() {
  return {{.names = "--metric", .target = &metric, .help = "What is compared (default: val/loss)"},
          {.names = "--reference",
           .target = &reference,
           .help = "The variant that the others are compared with (default: baseline, "
                   "else the first)"},
          {.names = "--margin",
           .target = &margin,
           .help = "Ask whether the variants are no worse by so much, in the metric's unit or "
                   "as a share of the reference: 2.5%",
           .value_name = "NUMBER[%]"},
          {.names = "--last",
           .target = &last,
           .help = "A run's value is the mean of so many last ones (default: the "
                   "document's training.final_average)",
           .range = {1, std::numeric_limits<int32_t>::max()}},
          {.names = "--at",
           .target = &at,
           .help = "Where the runs are compared (default: each at its end)",
           .choices = wire::AxisNames()}};
}

absl::StatusOr<v1::CompareResponse> AskComparison(const std::string& experiment,
                                                  const ComparisonOptions& options,
                                                  Connection& connection) {
  FP4_ASSIGN_OR_RETURN(const Margin margin, ParseMargin(options.margin));
  v1::CompareRequest request = RequestOf(experiment, options);
  if (!margin.share) request.set_margin(margin.value);
  absl::StatusOr<v1::CompareResponse> answer = connection.Compare(request);
  if (answer.ok() && margin.share) {
    FP4_ASSIGN_OR_RETURN(const double mean, MeanOfReference(*answer));
    request.set_margin(margin.value * std::abs(mean));
    answer = connection.Compare(request);
  }
  FP4_RETURN_IF_ERROR(FromRefusal(answer.status()));
  if (!options.metric.empty()) FP4_RETURN_IF_ERROR(CheckMetric(*answer, connection));
  return answer;
}

}  // namespace fp4::client
