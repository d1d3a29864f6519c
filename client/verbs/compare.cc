#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/metric_names.h"
#include "client/render/comparison.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string experiment, metric, reference;
};

constexpr char kHelp[] = R"(
For each variant: the mean and the sample standard deviation over seeds of the metric's last value; the difference to
the reference, paired by seed, with its 95 % confidence interval (Student's t); validation accuracy, tokens per second,
and the bits that a weight takes. Then what the health checks found, such as layers that never learnt.

Examples:
  fp4ctl compare k7x2
  fp4ctl compare k7x2 --metric train/loss --reference fp4 -o json)";

// Of the request's fields only the reference can be wrong.
bool NamesNoVariant(const absl::Status& status) {
  return ReasonOf(status) == reason::kInvalidArgument;
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

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  v1::CompareRequest request;
  request.set_experiment_id(options.experiment);
  request.set_metric(options.metric);
  request.set_reference(options.reference);
  auto answer = connection->Compare(request);
  if (NamesNoVariant(answer.status())) {
    return NoSuch(absl::StrCat("--", std::string(answer.status().message())));
  }
  FP4_RETURN_IF_ERROR(answer.status());
  const v1::CompareResponse& comparison = *answer;
  if (!options.metric.empty()) FP4_RETURN_IF_ERROR(CheckMetric(comparison, *connection));
  if (context.json) {
    context.out << ComparisonJson(comparison) << "\n";
    return ExitCode::kOk;
  }
  FP4_ASSIGN_OR_RETURN(v1::Experiment experiment,
                       connection->GetExperiment(comparison.experiment_id()));
  context.out << RenderComparison(
      comparison, absl::StrCat(experiment.name(), " (", experiment.id(), ")"), LayoutOf(context));
  return ExitCode::kOk;
}

}  // namespace

Verb CompareVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "compare",
          .summary = "Compare the variants of an experiment",
          .help = kHelp,
          .options = {{.names = "EXPERIMENT",
                       .target = &options->experiment,
                       .help = "The experiment",
                       .required = true},
                      {.names = "--metric",
                       .target = &options->metric,
                       .help = "What is compared (default: val/loss)"},
                      {.names = "--reference",
                       .target = &options->reference,
                       .help = "The variant that the others are compared with (default: baseline, "
                               "else the first)"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
