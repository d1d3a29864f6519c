#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/render/table.h"
#include "client/render/waiting.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

constexpr int64_t kUnset = -1, kLimitForPeople = 50;
constexpr int kPageSize = 1000;

struct Options {
  int64_t limit = kUnset;
};

constexpr char kHelp[] = R"(
The queued runs in the order in which they get slots: higher priority first; among equals the experiment that holds the
fewest slots, then the older one. A run that fits nowhere holds back nobody, so a later one may start before it. WHY is
what it waits for now, NEEDS what would start it.

Examples:
  fp4ctl queue
  fp4ctl queue -o json | jq '.[0].why')";

absl::StatusOr<v1::ListQueueResponse> ReadQueue(int64_t limit, Connection& connection) {
  v1::ListQueueResponse all;
  while (true) {
    v1::ListQueueRequest request;
    request.set_after_position(all.runs_size());
    request.set_page_size(
        limit == 0 ? kPageSize
                   : static_cast<int32_t>(std::min<int64_t>(kPageSize, limit - all.runs_size())));
    FP4_ASSIGN_OR_RETURN(const v1::ListQueueResponse page, connection.ListQueue(request));
    all.mutable_runs()->MergeFrom(page.runs());
    all.set_num_queued(page.num_queued());
    const bool enough = limit > 0 && all.runs_size() >= limit;
    if (page.runs_size() == 0 || enough || all.runs_size() >= page.num_queued()) return all;
  }
}

// A run that has gone in between has no names any more.
v1::Run NamesOf(const std::string& run_id, Connection& connection) {
  auto run = connection.GetRun(run_id);
  return run.ok() ? *std::move(run) : v1::Run();
}

std::string RenderQueue(const v1::ListQueueResponse& queue, Connection& connection,
                        const Layout& layout) {
  Table table({{.header = "POSITION", .right = true},
               {.header = "RUN"},
               {.header = "EXPERIMENT", .min_width = 10, .names = true},
               {.header = "VARIANT", .min_width = 10, .names = true},
               {.header = "SEED", .right = true, .drop_order = 1},
               {.header = "NEEDS", .min_width = 12}});
  std::vector<std::string> reasons;
  for (const v1::QueuedRun& queued : queue.runs()) {
    const v1::Run run = NamesOf(queued.run_id(), connection);
    table.AddRow({absl::StrCat(queued.position()), queued.run_id(),
                  Printable(run.experiment_name()), Printable(run.variant()),
                  run.id().empty() ? "" : absl::StrCat(run.seed()), Printable(queued.needs())});
    reasons.push_back(queued.why());
  }
  std::string text = absl::StrCat(table.Render(layout), "\n");
  for (const std::string& line : WaitingLines(reasons)) {
    absl::StrAppend(&text, Wrapped(line, layout.width, 2), "\n");
  }
  return text;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  int64_t limit = options.limit;
  if (limit == kUnset) limit = context.json ? 0 : kLimitForPeople;
  FP4_ASSIGN_OR_RETURN(const v1::ListQueueResponse queue, ReadQueue(limit, *connection));
  if (context.json) {
    context.out << QueueJson(queue) << "\n";
    return ExitCode::kOk;
  }
  if (queue.runs_size() == 0) {
    context.err << "No run waits.\n";
    return ExitCode::kOk;
  }
  context.out << RenderQueue(queue, *connection, LayoutOf(context));
  if (const int64_t more = queue.num_queued() - queue.runs_size(); more > 0) {
    context.err << more << " more wait: --limit 0 shows all.\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb QueueVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "queue",
          .summary = "Show which runs wait, why, and what would start them",
          .help = kHelp,
          .options = {{.names = "--limit",
                       .target = &options->limit,
                       .help = "At most so many; 0: all (default: 50, with -o json all)",
                       .range = {0, std::numeric_limits<int32_t>::max()}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
