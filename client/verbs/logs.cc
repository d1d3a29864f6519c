#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/render/json.h"
#include "client/target.h"
#include "client/verbs/verbs.h"
#include "client/watch/board.h"
#include "client/watch/view.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
};

constexpr char kHelp[] = R"(
What the trainer and the controller have said so far: messages, findings, checkpoints, changes of state; for a failed
run the last lines of its error output. Metrics are left out: see `fp4ctl metrics`, and `fp4ctl watch` to follow.)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(Target target, FindTarget(*connection, options.id));
  v1::WatchRequest request;
  for (const v1::Run& run : target.runs()) request.add_run_ids(run.id());
  request.set_no_follow(true);
  context.terminal.interactive = false;  // lines, on a terminal too
  Board board("", target.runs());
  auto view = MakeWatchView(context);
  auto stream = connection->Watch(request);
  v1::Event event;
  while (stream->Next(event)) {
    board.Apply(event);
    if (!event.has_metrics()) view->OnEvent(board, event);
  }
  view->Tick(board, absl::Now());
  FP4_RETURN_IF_ERROR(stream->Finish());
  return ExitCode::kOk;
}

}  // namespace

Verb LogsVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "logs",
          .summary = "Print what a run or an experiment has logged",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "A run or an experiment",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
