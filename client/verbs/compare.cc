#include "absl/strings/match.h"
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
#include "wire/names.h"

namespace fp4::client {
namespace {

constexpr double kNoMargin = -1;

struct Options {
  std::string experiment, metric, reference, at;
  double margin = kNoMargin;
  int64_t last = 0;
  bool pareto = false;
};

constexpr char kHelp[] = R"(
For each variant: the mean and the sample standard deviation over seeds of the metric's last value; the difference to
the reference, paired by seed, with its 95 % confidence interval (Student's t); excess loss where the data's entropy is
known, validation accuracy, tokens per second, the bits that a weight takes as it would be stored, the measured memory
of weights, gradients and optimizer state, and the peak of all memory. Then a sentence on each variant that says what
the seeds allow to say, what the health checks found, such as layers that never learnt, and what makes the runs hard to
compare.

A variant is called better or worse when the paired t-test says so after Holm's correction over all variants, and with
--margin M no worse when its difference is below M with 95 % confidence; else it is undecided, and the sentence says how
many seeds would decide it. With all sentences together a wrong claim has at most 5 % probability; choose M before
looking.

--at looks at all runs where they have come equally far: at the same step, after the same tokens, after the same time of
training (that of the slowest variant; on one machine only), or compares only weights that take equally many bytes, as
computed from the layer tables.

Examples:
  fp4ctl compare k7x2
  fp4ctl compare k7x2 --margin 0.01 --last 3
  fp4ctl compare k7x2 --at time --pareto
  fp4ctl compare k7x2 --metric train/loss --reference fp4 -o json)";

// The controller's message begins with the field of the request, which is called as the option is.
absl::Status FromRefusal(const absl::Status& status) {
  if (ReasonOf(status) != reason::kInvalidArgument) return status;
  const std::string message = absl::StrCat("--", std::string(status.message()));
  for (const char* name : {"reference:", "metric:"}) {
    if (absl::StartsWith(status.message(), name)) return NoSuch(message);
  }
  return WithExitCode(absl::InvalidArgumentError(message), ExitCode::kUsage);
}

absl::StatusOr<v1::CompareRequest> RequestOf(const Options& options) {
  v1::CompareRequest request;
  request.set_experiment_id(options.experiment);
  request.set_metric(options.metric);
  request.set_reference(options.reference);
  if (options.margin == 0) return absl::InvalidArgumentError("--margin: is 0; allowed: above 0");
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

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::CompareRequest request, RequestOf(options));
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  auto answer = connection->Compare(request);
  FP4_RETURN_IF_ERROR(FromRefusal(answer.status()));
  const v1::CompareResponse& comparison = *answer;
  if (!options.metric.empty()) FP4_RETURN_IF_ERROR(CheckMetric(comparison, *connection));
  if (context.json) {
    context.out << ComparisonJson(comparison) << "\n";
    return ExitCode::kOk;
  }
  FP4_ASSIGN_OR_RETURN(v1::Experiment experiment,
                       connection->GetExperiment(comparison.experiment_id()));
  context.out << RenderComparison(comparison,
                                  absl::StrCat(experiment.name(), " (", experiment.id(), ")"),
                                  {.pareto = options.pareto}, LayoutOf(context));
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
                               "else the first)"},
                      {.names = "--margin",
                       .target = &options->margin,
                       .help = "Ask whether the variants are no worse by so much"},
                      {.names = "--last",
                       .target = &options->last,
                       .help = "A run's value is the mean of so many last ones (default: the "
                               "document's training.final_average)",
                       .range = {1, std::numeric_limits<int32_t>::max()}},
                      {.names = "--at",
                       .target = &options->at,
                       .help = "Where the runs are compared (default: each at its end)",
                       .choices = wire::AxisNames()},
                      {.names = "--pareto",
                       .target = &options->pareto,
                       .help = "Also which variants are worth their bytes, time and energy"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
