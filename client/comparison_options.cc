#include "client/comparison_options.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

v1::CompareRequest RequestOf(const std::string& experiment, const ComparisonOptions& options) {
  v1::CompareRequest request;
  request.set_experiment_id(experiment);
  request.set_metric(options.metric);
  request.set_reference(options.reference);
  if (options.margin > 0) request.set_margin(options.margin);
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

}  // namespace

absl::Status ComparisonOptions::Check() const {
  if (margin == 0) return absl::InvalidArgumentError("--margin: is 0; allowed: above 0");
  return absl::OkStatus();
}

std::vector<Option> ComparisonOptions::Options() {
  return {{.names = "--metric", .target = &metric, .help = "What is compared (default: val/loss)"},
          {.names = "--reference",
           .target = &reference,
           .help = "The variant that the others are compared with (default: baseline, "
                   "else the first)"},
          {.names = "--margin",
           .target = &margin,
           .help = "Ask whether the variants are no worse by so much"},
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
  absl::StatusOr<v1::CompareResponse> answer = connection.Compare(RequestOf(experiment, options));
  FP4_RETURN_IF_ERROR(FromRefusal(answer.status()));
  if (!options.metric.empty()) FP4_RETURN_IF_ERROR(CheckMetric(*answer, connection));
  return answer;
}

}  // namespace fp4::client
