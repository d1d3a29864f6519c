#include <CLI/CLI.hpp>

#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  bool runs = false;
  std::string experiment, project;
  std::vector<std::string> states;
  int limit = 50;
};

constexpr char kHelp[] = R"(
Newest first.

Examples:
  fp4ctl ls
  fp4ctl ls --runs --state running --state queued
  fp4ctl ls k7x2                                     the runs of one experiment)";

constexpr int kPageSize = 500;

int PageSize(const Options& options, size_t have) {
  const int left = options.limit - static_cast<int>(have);
  return options.limit == 0 ? kPageSize : std::min(kPageSize, left);
}

bool Enough(const Options& options, size_t have) {
  return options.limit > 0 && have >= static_cast<size_t>(options.limit);
}

absl::StatusOr<bool> ListExperiments(const Options& options, Connection& connection,
                                     Context& context) {
  v1::ListExperimentsRequest request;
  request.set_project(options.project);
  std::vector<v1::Experiment> experiments;
  do {
    request.set_page_size(PageSize(options, experiments.size()));
    FP4_ASSIGN_OR_RETURN(auto page, connection.ListExperiments(request));
    experiments.insert(experiments.end(), page.experiments().begin(), page.experiments().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !Enough(options, experiments.size()));
  if (context.json) {
    context.out << ExperimentsJson(experiments) << "\n";
  } else if (experiments.empty()) {
    context.err << "No experiments yet: fp4ctl submit FILE\n";
  } else {
    context.out << RenderExperiments(experiments, absl::Now(), LayoutOf(context));
  }
  return !request.page_token().empty();
}

absl::StatusOr<bool> ListRuns(const Options& options, Connection& connection, Context& context) {
  v1::ListRunsRequest request;
  request.set_experiment_id(options.experiment);
  for (const std::string& name : options.states) {
    auto state = StateOfName(name);
    if (!state.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", name,
                       "' is no state; allowed: queued, assigned, running, cancelling, completed, "
                       "failed, cancelled"));
    }
    request.add_states(*state);
  }
  std::vector<v1::Run> runs;
  do {
    request.set_page_size(PageSize(options, runs.size()));
    FP4_ASSIGN_OR_RETURN(auto page, connection.ListRuns(request));
    runs.insert(runs.end(), page.runs().begin(), page.runs().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !Enough(options, runs.size()));
  if (context.json) {
    context.out << RunsJson(runs) << "\n";
  } else if (runs.empty()) {
    context.err << "No such runs.\n";
  } else {
    context.out << RenderRuns(runs, {.with_experiment = options.experiment.empty()},
                              LayoutOf(context));
  }
  return !request.page_token().empty();
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  const bool runs = options.runs || !options.experiment.empty() || !options.states.empty();
  FP4_ASSIGN_OR_RETURN(bool more, runs ? ListRuns(options, *connection, context)
                                       : ListExperiments(options, *connection, context));
  if (more) context.err << "There are more: --limit 0 shows all.\n";
  return ExitCode::kOk;
}

}  // namespace

void AddList(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command = program.Add(kExperimentGroup, "ls", "List experiments, or runs", kHelp,
                                  [options](Context& context) { return Run(*options, context); });
  command.add_option("EXPERIMENT", options->experiment, "List the runs of this experiment");
  command.add_flag("--runs", options->runs, "List runs");
  command.add_option("--state", options->states, "Only runs in this state; may be given again")
      ->type_name("STATE")
      ->take_all()
      ->expected(1);
  command.add_option("--project", options->project, "Only experiments of this project");
  command.add_option("--limit", options->limit, "At most so many; 0: all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
}

}  // namespace fp4::client
