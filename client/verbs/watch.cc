#include "base/status_macros.h"
#include "client/connection.h"
#include "client/verbs/verbs.h"
#include "client/watch/session.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
  int64_t cursor = 0;
};

constexpr char kHelp[] = R"(
Shows what has happened so far and then what happens, until all runs have finished. A terminal gets a picture of all
runs, a pipe gets a line for each event, and with -o json each event is a JSON object as in the run's event log, with
"run" and "cursor". A controller that goes away is waited for.
Ctrl-C ends the watching and nothing else.

Exit status: 0 all runs completed · 1 some did not · 130 interrupted.

Examples:
  fp4ctl watch k7x2
  fp4ctl watch k7x2 -o json | jq 'select(.type == "metrics")'
  fp4ctl watch k7x2 -o json --cursor 1234        only what came after event 1234)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  StopSignal stop;  // before the connection's threads, which inherit the blocked signals
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  return WatchTarget(context, stop, target, options.cursor);
}

}  // namespace

Verb WatchVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "watch",
          .summary = "Follow an experiment or a run",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "An experiment or a run",
                       .required = true},
                      {.names = "--cursor",
                       .target = &options->cursor,
                       .help = "Go on after this event; 0: from the beginning"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
