#include "base/status_macros.h"
#include "client/connection.h"
#include "client/verbs/verbs.h"
#include "client/watch/session.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
};

constexpr char kHelp[] = R"(
Returns when all runs have finished, for scripts. Says nothing but which runs did not complete. A controller that goes
away is waited for. Ctrl-C ends the waiting and nothing else.

Exit status: 0 all runs completed · 1 some did not · 130 interrupted.

Example:
  fp4ctl wait k7x2 && fp4ctl compare k7x2)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  StopSignal stop;  // before the connection's threads, which inherit the blocked signals
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, options.id));
  return WaitForTarget(context, stop, target);
}

}  // namespace

Verb WaitVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "wait",
          .summary = "Wait for an experiment or a run, silently",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "An experiment or a run",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
