#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/status_macros.h"
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
Queues a failed or cancelled run again, or all such runs of an experiment. A run goes on from its newest checkpoint.)";

bool CanRetry(const v1::Run& run) {
  return run.state() == v1::RUN_STATE_FAILED || run.state() == v1::RUN_STATE_CANCELLED;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  std::vector<v1::Run> queued;
  for (const v1::Run& run : target.runs()) {
    // One run that was named is asked for whatever its state: the controller says why not.
    if (!target.is_run && !CanRetry(run)) continue;
    FP4_ASSIGN_OR_RETURN(v1::Run now, connection->RetryRun(run.id()));
    queued.push_back(std::move(now));
  }
  if (context.json) {
    context.out << RunsJson(queued) << "\n";
  } else if (queued.empty()) {
    context.err << "Nothing to do: no run of " << target.id() << " failed or was cancelled.\n";
  } else {
    context.out << RenderRuns(queued, {}, LayoutOf(context));
  }
  return ExitCode::kOk;
}

}  // namespace

Verb RetryVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "retry",
          .summary = "Queue failed or cancelled runs again",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "A run or an experiment",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
