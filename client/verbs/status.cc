#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/local/daemons.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/render/workers.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

constexpr char kHelp[] = R"(
Says which controller the commands talk to and whether it serves, which workers it has, and what runs.
Exit status 3 when there is none.)";

constexpr int kIndent = 12;  // of what stands behind "controller"
constexpr absl::Duration kHealthTimeout = absl::Seconds(15);

absl::StatusOr<std::vector<v1::Run>> ActiveRuns(Connection& connection) {
  v1::ListRunsRequest request;
  request.set_page_size(1000);
  for (v1::RunState state : {v1::RUN_STATE_QUEUED, v1::RUN_STATE_ASSIGNED, v1::RUN_STATE_RUNNING,
                             v1::RUN_STATE_CANCELLING}) {
    request.add_states(state);
  }
  FP4_ASSIGN_OR_RETURN(v1::ListRunsResponse response, connection.ListRuns(request));
  return std::vector<v1::Run>(response.runs().begin(), response.runs().end());
}

absl::StatusOr<ExitCode> Run(Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_RETURN_IF_ERROR(connection->CheckServing(kHealthTimeout, /*wait=*/false));
  FP4_ASSIGN_OR_RETURN(v1::ListWorkersResponse workers, connection->ListWorkers());
  FP4_ASSIGN_OR_RETURN(std::vector<v1::Run> active, ActiveRuns(*connection));
  const LocalDaemons daemons(context.state_folder, context.binary_folder);
  const Endpoints local = daemons.Controller().value_or(Endpoints());
  const bool is_local = local.grpc == connection->address();
  if (context.json) {
    context.out << StatusJson(connection->address(), is_local ? &local : nullptr, workers,
                              active.size())
                << "\n";
    return ExitCode::kOk;
  }
  const Layout layout = LayoutOf(context);
  std::string header = absl::StrCat("controller  ", connection->address(), "  serving");
  if (is_local) absl::StrAppend(&header, " (process ", local.pid, "), http://", local.http);
  context.out << Wrapped(header, layout.width, kIndent) << "\n";
  if (is_local) context.out << "state       " << context.state_folder.string() << "\n";
  context.out << "\n";
  if (workers.workers_size() == 0) context.out << "No worker has registered.\n";
  context.out << RenderWorkers(workers, absl::Now(), layout);
  if (active.empty()) {
    context.out << "\nNothing runs or waits.\n";
  } else {
    context.out << "\n" << RenderRuns(active, {.with_experiment = true}, layout);
  }
  return ExitCode::kOk;
}

}  // namespace

Verb StatusVerb() {
  return {.group = kLocalGroup,
          .name = "status",
          .summary = "Show the controller, its workers and what runs",
          .help = kHelp,
          .options = {},
          .run = Run};
}

}  // namespace fp4::client
