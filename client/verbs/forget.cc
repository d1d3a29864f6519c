#include "base/status_macros.h"
#include "client/connection.h"
#include "client/render/json.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string worker;
};

constexpr char kHelp[] = R"(
For a worker that is gone for good: `fp4ctl status` lists it no longer, and alarms on workers that are away end. Refused
while the worker is connected. One that comes back after all registers again, with the runs it has.

Example:
  fp4ctl forget node7:1a2b3c4d)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const v1::Worker worker, connection->ForgetWorker(options.worker));
  if (context.json) {
    context.out << FlatJson({{"forgotten", worker.id()}, {"name", worker.name()}}) << "\n";
  } else {
    context.out << "Forgot worker " << Printable(worker.name()) << ".\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb ForgetVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kOtherGroup,
          .name = "forget",
          .summary = "Remove a worker that is gone for good from the list",
          .help = kHelp,
          .options = {{.names = "WORKER",
                       .target = &options->worker,
                       .help = "Its name, its id, or a prefix of the id",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
