#include "client/errors.h"
#include "client/top/session.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  bool once = false;
  int64_t interval = 1;
};

constexpr char kHelp[] = R"(
Shows on the whole terminal what goes on, and keeps it up to date: the workers' slots, each run that is running or waits
with its progress, losses, speed and time left, the throughput of all, what the health checks found, and what failed
last. Arrows and page keys scroll through the runs, q or Ctrl-C leaves. A controller that goes away is waited for.

Exit status: 0 after q · 130 after Ctrl-C.

Examples:
  fp4ctl top
  fp4ctl top --once                              one picture, for scripts and pipes)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (context.json) {
    return WithExitCode(
        absl::InvalidArgumentError("top has no JSON form: see `fp4ctl status -o json`, "
                                   "`fp4ctl ls --runs -o json`"),
        ExitCode::kUsage);
  }
  if (options.once) return PrintTop(context);
  if (!context.terminal.interactive) {
    return WithExitCode(
        absl::InvalidArgumentError("top needs a terminal; --once prints one picture"),
        ExitCode::kUsage);
  }
  return RunTop(context, absl::Seconds(options.interval));
}

}  // namespace

Verb TopVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "top",
          .summary = "Watch all runs and slots on the whole terminal",
          .help = kHelp,
          .options = {{.names = "--once", .target = &options->once, .help = "Print one picture"},
                      {.names = "--interval",
                       .target = &options->interval,
                       .help = "Seconds between two looks",
                       .range = {1, 3600}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
