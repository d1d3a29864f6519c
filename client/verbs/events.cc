#include "base/status_macros.h"
#include "client/connection.h"
#include "client/render/json.h"
#include "client/target.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
  int64_t cursor = 0;
};

constexpr char kHelp[] = R"(
All that is stored of a run or an experiment, in the order in which it was stored, one JSON object a line, metrics too:
what `watch -o json` prints, without waiting for more.

Examples:
  fp4ctl events b2c3 | jq -c 'select(.type == "checkpoint")'
  fp4ctl events k7x2 --cursor 1234           only what came after event 1234)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, options.id));
  v1::WatchRequest request;
  for (const v1::Run& run : target.runs()) request.add_run_ids(run.id());
  request.set_cursor(options.cursor);
  request.set_no_follow(true);
  auto stream = connection->Watch(request);
  v1::Event event;
  while (context.out && stream->Next(event)) {
    if (const std::string json = EventJson(event); !json.empty()) context.out << json << "\n";
  }
  if (!context.out) {
    stream->Cancel();
    (void)stream->Finish();
    return ExitCode::kFailed;  // main says why
  }
  FP4_RETURN_IF_ERROR(stream->Finish());
  return ExitCode::kOk;
}

}  // namespace

Verb EventsVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "events",
          .summary = "Print all stored events as JSON lines",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "A run or an experiment",
                       .required = true},
                      {.names = "--cursor",
                       .target = &options->cursor,
                       .help = "Only events after this one; 0: from the beginning"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
