#include "base/status_macros.h"
#include "client/errors.h"
#include "client/local/daemons.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  int64_t timeout_s = 120;
};

constexpr char kHelp[] = R"(
Ends the worker and then the controller that `fp4ctl up` started, and waits for both. Results and checkpoints stay:
after the next `fp4ctl up` unfinished runs go on.)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  LocalDaemons daemons(context.state_folder, context.binary_folder);
  auto result = daemons.Down(absl::Seconds(options.timeout_s));
  if (!result.ok()) return WithExitCode(result.status(), ExitCode::kFailed);
  const std::vector<DaemonReport>& reports = *result;
  if (context.json) {
    context.out << DownJson(reports) << "\n";
    return ExitCode::kOk;
  }
  for (const DaemonReport& report : reports) {
    if (report.changed) {
      context.out << report.name << " stopped (process " << report.pid << ")\n";
    } else {
      context.out << report.name << " was not up\n";
    }
  }
  return ExitCode::kOk;
}

}  // namespace

Verb DownVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kLocalGroup,
          .name = "down",
          .summary = "Stop the controller and the worker of `fp4ctl up`",
          .help = kHelp,
          .options = {{.names = "--timeout",
                       .target = &options->timeout_s,
                       .help = "How long to wait for each of them",
                       .value_name = "SECONDS",
                       .range = {1, int64_t{7} * 24 * 3600}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
