#include "base/status_macros.h"
#include "client/confirm.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
};

constexpr char kHelp[] = R"(
Queued runs are cancelled at once; running ones write a checkpoint first. What has finished stays as it is.
`fp4ctl retry` takes a cancelled run up again, from that checkpoint. The id takes at least 4 characters.)";

void Print(const std::vector<v1::Run>& runs, Context& context) {
  if (context.json) {
    context.out << RunsJson(runs) << "\n";
  } else {
    context.out << RenderRuns(runs, {}, LayoutOf(context));
  }
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_RETURN_IF_ERROR(CheckIdIsLongEnough(options.id, "cancel"));
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  if (target.is_run) {
    FP4_ASSIGN_OR_RETURN(v1::Run run, connection->CancelRun(target.id()));
    Print({run}, context);
    return ExitCode::kOk;
  }
  FP4_ASSIGN_OR_RETURN(v1::Experiment experiment, connection->CancelExperiment(target.id()));
  Print({experiment.runs().begin(), experiment.runs().end()}, context);
  return ExitCode::kOk;
}

}  // namespace

Verb CancelVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "cancel",
          .summary = "Stop a run, or all runs of an experiment",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "An experiment or a run",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
