#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "client/local/daemons.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  int timeout_s = 120;
};

constexpr char kHelp[] = R"(
Ends the worker and then the controller that `fp4ctl up` started, and waits for both. Results and checkpoints stay:
after the next `fp4ctl up` unfinished runs go on.)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  LocalDaemons daemons(context.state_folder, context.binary_folder);
  FP4_ASSIGN_OR_RETURN(auto reports, daemons.Down(absl::Seconds(options.timeout_s)));
  nlohmann::ordered_json json;
  for (const DaemonReport& report : reports) {
    json[report.name] = {{"stopped", report.changed}};
    if (context.json) continue;
    if (report.changed) {
      context.out << report.name << " stopped (process " << report.pid << ")\n";
    } else {
      context.out << report.name << " was not up\n";
    }
  }
  if (context.json) context.out << json.dump() << "\n";
  return ExitCode::kOk;
}

}  // namespace

void AddDown(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      program.Add(kLocalGroup, "down", "Stop the controller and the worker of `fp4ctl up`", kHelp,
                  [options](Context& context) { return Run(*options, context); });
  command.add_option("--timeout", options->timeout_s, "How long to wait for each of them")
      ->capture_default_str()
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber);
}

}  // namespace fp4::client
