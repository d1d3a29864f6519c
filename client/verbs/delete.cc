#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/confirm.h"
#include "client/connection.h"
#include "client/render/json.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
  bool yes = false;
};

constexpr char kHelp[] = R"(
Removes the experiment, its runs and all their metrics from the controller. Refused while a run has not finished:
cancel it first. Checkpoints on the workers are not touched. It asks first, and does nothing where there is no terminal
to ask on, unless --yes is given. The id takes at least 4 characters.)";

std::string Question(const v1::Experiment& experiment) {
  return absl::StrCat("Delete experiment ", experiment.id(), " (", Printable(experiment.name()),
                      "), its ", experiment.num_runs(), " runs and all their results?");
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_RETURN_IF_ERROR(CheckIdIsLongEnough(options.id, "delete"));
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(v1::Experiment experiment, connection->GetExperiment(options.id));
  if (!options.yes) FP4_RETURN_IF_ERROR(Confirm(Question(experiment), context));
  FP4_RETURN_IF_ERROR(connection->DeleteExperiment(experiment.id()));
  if (context.json) {
    context.out << FlatJson({{"deleted", experiment.id()}}) << "\n";
  } else {
    context.out << "Deleted experiment " << experiment.id() << " (" << Printable(experiment.name())
                << ") and its " << experiment.num_runs() << " runs.\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb DeleteVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "delete",
          .summary = "Remove an experiment and its results",
          .help = kHelp,
          .options = {{.names = "EXPERIMENT",
                       .target = &options->id,
                       .help = "The experiment",
                       .required = true},
                      {.names = "-y,--yes", .target = &options->yes, .help = "Do not ask"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
