#include "base/status_macros.h"
#include "client/connection.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

constexpr int64_t kUnset = -1, kLimitForPeople = 50;

struct Options {
  bool runs = false;
  std::string experiment, project;
  std::vector<std::string> states;
  int64_t limit = kUnset;
};

constexpr char kHelp[] = R"(
Newest first.

Examples:
  fp4ctl ls
  fp4ctl ls --runs --state running --state queued
  fp4ctl ls k7x2                                     the runs of one experiment)";

constexpr int kPageSize = 500;

// What a program reads is all there is, unless it asks for less.
int64_t LimitOf(const Options& options, const Context& context) {
  if (options.limit != kUnset) return options.limit;
  return context.json ? 0 : kLimitForPeople;
}

int PageSize(const Options& options, size_t have) {
  if (options.limit == 0) return kPageSize;
  return static_cast<int>(std::min<int64_t>(kPageSize, options.limit - have));
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

absl::StatusOr<ExitCode> Run(Options options, Context& context) {
  options.limit = LimitOf(options, context);
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  const bool runs = options.runs || !options.experiment.empty() || !options.states.empty();
  FP4_ASSIGN_OR_RETURN(bool more, runs ? ListRuns(options, *connection, context)
                                       : ListExperiments(options, *connection, context));
  if (more) context.err << "There are more: --limit 0 shows all.\n";
  return ExitCode::kOk;
}

}  // namespace

Verb ListVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "ls",
          .summary = "List experiments, or runs",
          .help = kHelp,
          .options = {{.names = "EXPERIMENT",
                       .target = &options->experiment,
                       .help = "List the runs of this experiment"},
                      {.names = "--runs", .target = &options->runs, .help = "List runs"},
                      {.names = "--state",
                       .target = &options->states,
                       .help = "Only runs in this state; may be given again",
                       .value_name = "STATE"},
                      {.names = "--project",
                       .target = &options->project,
                       .help = "Only experiments of this project"},
                      {.names = "--limit",
                       .target = &options->limit,
                       .help = "At most so many; 0: all. Default: 50, and all with -o json",
                       .range = {0, 1'000'000'000}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
