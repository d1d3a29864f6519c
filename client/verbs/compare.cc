#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/comparison_options.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/comparison.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string experiment;
  ComparisonOptions comparison;
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
looking. M is in the metric's unit, or a share of the reference's mean: 2.5%.

--at looks at all runs where they have come equally far: at the same step, after the same tokens, after the same time of
training (that of the slowest variant; on one machine only), or compares only weights that take equally many bytes, as
computed from the layer tables.

Examples:
  fp4ctl compare k7x2
  fp4ctl compare k7x2 --margin 0.01 --last 3
  fp4ctl compare k7x2 --margin 2.5%
  fp4ctl compare k7x2 --at time --pareto
  fp4ctl compare k7x2 --metric train/loss --reference fp4 -o json)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_RETURN_IF_ERROR(options.comparison.Check());
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const v1::CompareResponse comparison,
                       AskComparison(options.experiment, options.comparison, *connection));
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
  Verb verb{.group = kExperimentGroup,
            .name = "compare",
            .summary = "Compare the variants of an experiment",
            .help = kHelp,
            .options = {{.names = "EXPERIMENT",
                         .target = &options->experiment,
                         .help = "The experiment",
                         .required = true}},
            .run = [options](Context& context) { return Run(*options, context); }};
  for (Option& option : options->comparison.Options()) verb.options.push_back(std::move(option));
  verb.options.push_back({.names = "--pareto",
                          .target = &options->pareto,
                          .help = "Also which variants are worth their bytes, time and energy"});
  return verb;
}

}  // namespace fp4::client
