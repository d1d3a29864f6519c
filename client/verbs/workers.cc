#include "client/render/workers.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/operations.h"
#include "client/render/json.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string action, worker;
  bool now = false;
};

constexpr char kHelp[] = R"(
ls: the workers with their slots, and the runs that hold them.
drain: the worker takes no new runs until it is enabled again, over restarts of worker and controller. Its runs finish
there; with --now they stop with a checkpoint and go on elsewhere.
enable: it takes runs again.

Example:
  fp4ctl workers ls -o json | jq '.[].slots[].run')";

absl::StatusOr<ExitCode> List(Context& context) {
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

std::string Sentence(const v1::Worker& worker) {
  const std::string name = Printable(worker.name());
  if (worker.drain() == v1::Worker::DRAIN_UNSPECIFIED) return name + " takes new runs.";
  int busy = 0;
  for (const v1::Slot& slot : worker.slots()) busy += slot.run_id().empty() ? 0 : 1;
  if (busy == 0) return name + " takes no new runs, and has none.";
  const bool now = worker.drain() == v1::Worker::DRAINING_NOW;
  return absl::StrCat(name, " takes no new runs; runs hold ", busy, " of its slots and ",
                      now ? "stop with a checkpoint." : "finish there.");
}

absl::StatusOr<ExitCode> Change(const Options& options, Context& context) {
  if (options.worker.empty()) {
    return WithExitCode(absl::InvalidArgumentError(
                            absl::StrCat("workers ", options.action, ": WORKER is required")),
                        ExitCode::kUsage);
  }
  FP4_ASSIGN_OR_RETURN(const std::string address, context.Address());
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security, context.Security());
  Operations operations(address, security);
  FP4_ASSIGN_OR_RETURN(const v1::Worker worker,
                       options.action == "drain"
                           ? operations.DrainWorker(options.worker, options.now)
                           : operations.EnableWorker(options.worker));
  if (context.json) {
    v1::ListWorkersResponse one;
    *one.add_workers() = worker;
    context.out << WorkersJson(one) << "\n";
  } else {
    context.out << Sentence(worker) << "\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb WorkersVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kOtherGroup,
          .name = "workers",
          .summary = "List the workers, slot by slot; drain one, enable it",
          .help = kHelp,
          .options = {{.names = "ACTION",
                       .target = &options->action,
                       .help = "What is done",
                       .required = true,
                       .choices = {"ls", "drain", "enable"}},
                      {.names = "WORKER",
                       .target = &options->worker,
                       .help = "Its name, its id, or a prefix of the id"},
                      {.names = "--now",
                       .target = &options->now,
                       .help = "Of drain: do not wait for its runs to finish"}},
          .run = [options](Context& context) {
            return options->action == "ls" ? List(context) : Change(*options, context);
          }};
}

}  // namespace fp4::client
