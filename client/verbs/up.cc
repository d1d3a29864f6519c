#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/errors.h"
#include "client/local/daemons.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

constexpr char kHelp[] = R"(
Starts a controller and a worker in the background, for you alone: they listen on 127.0.0.1 only and keep all below
$FP4_STATE_DIR, else $XDG_STATE_HOME/fp4lab, else ~/.local/state/fp4lab. Returns when both are ready; what already runs
is left as it is. They go on when you log out; `fp4ctl down` ends them.

Examples:
  fp4ctl up
  fp4ctl up --slots 2 --port 4404)";

std::string Sentence(const DaemonReport& report, const Endpoints& endpoints) {
  std::string text = absl::StrCat(report.name, report.changed ? " started" : " was up already",
                                  " (process ", report.pid, ")");
  if (!endpoints.grpc.empty()) absl::StrAppend(&text, ", gRPC ", endpoints.grpc);
  if (!endpoints.http.empty()) absl::StrAppend(&text, ", http://", endpoints.http);
  return text;
}

absl::StatusOr<ExitCode> Run(const UpOptions& options, Context& context) {
  LocalDaemons daemons(context.state_folder, context.binary_folder);
  auto result = daemons.Up(options);
  // "No controller answers" is for those that were asked for something.
  if (!result.ok()) return WithExitCode(result.status(), ExitCode::kFailed);
  const std::vector<DaemonReport>& reports = *result;
  const Endpoints controller = daemons.Controller().value_or(Endpoints());
  const Endpoints worker = daemons.Worker().value_or(Endpoints());
  if (context.json) {
    context.out << UpJson({reports[0], controller}, {reports[1], worker},
                          context.state_folder.string())
                << "\n";
    return ExitCode::kOk;
  }
  context.out << Sentence(reports[0], controller) << "\n" << Sentence(reports[1], worker) << "\n";
  if (reports[1].changed || options.slots == 0) return ExitCode::kOk;
  context.err << "--slots holds for a worker that is started: `fp4ctl down` first.\n";
  return ExitCode::kOk;
}

Option PortOption(const std::string& name, int64_t& port, const std::string& what) {
  return {.names = name,
          .target = &port,
          .help = what + "; 0: any, after a crash the one it had",
          .value_name = "PORT",
          .range = {0, 65535}};
}

}  // namespace

Verb UpVerb() {
  auto options = std::make_shared<UpOptions>();
  return {.group = kLocalGroup,
          .name = "up",
          .summary = "Start a controller and a worker on this machine",
          .help = kHelp,
          .options = {{.names = "--slots",
                       .target = &options->slots,
                       .help = "Runs at a time; 0: one for each GPU, else as the cores allow",
                       .range = {0, 1024}},
                      PortOption("--port", options->port, "gRPC port of the controller"),
                      PortOption("--http-port", options->http_port, "HTTP port of the controller"),
                      PortOption("--worker-http-port", options->worker_http_port,
                                 "HTTP port of the worker"),
                      {.names = "--lease-ttl",
                       .target = &options->lease_ttl,
                       .help = "How long a run's right to a slot outlives a silent worker",
                       .value_name = "DURATION"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
