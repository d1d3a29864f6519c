#include "client/render/workers.h"

#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string action;
};

constexpr char kHelp[] = R"(
ls: the workers with their slots, and the runs that hold them.

Example:
  fp4ctl workers ls -o json | jq '.[].slots[].run')";

absl::StatusOr<ExitCode> Run(Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const v1::ListWorkersResponse workers, connection->ListWorkers());
  if (context.json) {
    context.out << WorkersJson(workers) << "\n";
  } else if (workers.workers_size() == 0) {
    context.err << "No worker has registered.\n";
  } else {
    context.out << RenderSlots(workers, LayoutOf(context));
  }
  return ExitCode::kOk;
}

}  // namespace

Verb WorkersVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kOtherGroup,
          .name = "workers",
          .summary = "List the workers, slot by slot",
          .help = kHelp,
          .options = {{.names = "ACTION",
                       .target = &options->action,
                       .help = "What is done",
                       .required = true,
                       .choices = {"ls"}}},
          .run = [options](Context& context) { return Run(context); }};
}

}  // namespace fp4::client
