#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "base/stop_signal.h"
#include "client/connection.h"
#include "client/document_input.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/runs.h"
#include "client/verbs/layer_tables.h"
#include "client/verbs/verbs.h"
#include "client/watch/session.h"

namespace fp4::client {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> overrides;
  bool watch = false;
  bool dry_run = false;
};

constexpr char kHelp[] = R"(
Queues one run for each variant and seed of the document. Relative paths start from the document's folder.
--dry-run prints what each variant does to each layer and stores nothing; the controller, when there is one, checks too.

Examples:
  fp4ctl submit fp4.json --watch
  fp4ctl submit fp4.json --set training.steps=1000 --set 'seeds=[1,2,3]'
  fp4ctl submit - -o json < fp4.json)";

v1::CreateExperimentRequest RequestFor(const Options& options, const DocumentInput& document) {
  v1::CreateExperimentRequest request;
  request.set_document(document.TextWithAbsolutePaths());
  request.set_document_name(document.name);
  for (const std::string& override : options.overrides) {
    request.add_overrides(spec::OverrideWithAbsolutePaths(override, document.folder));
  }
  request.set_request_id(RandomIds().NewId() + RandomIds().NewId());
  request.set_validate_only(options.dry_run);
  return request;
}

// A call whose answer got lost is made again: the request's id makes the second one harmless.
absl::StatusOr<v1::Experiment> Create(Connection& connection,
                                      const v1::CreateExperimentRequest& request) {
  auto experiment = connection.CreateExperiment(request);
  if (!absl::IsUnavailable(experiment.status())) return experiment;
  return connection.CreateExperiment(request);
}

absl::StatusOr<ExitCode> DryRun(const Options& options, const DocumentInput& document,
                                Context& context) {
  const spec::ReadResult result =
      spec::ReadExperiment(document.text, options.overrides, {.base_folder = document.folder});
  for (const spec::Problem& problem : result.problems) {
    context.err << problem.ToString(document.name) << "\n";
  }
  if (!result.ok()) return BadDocument();
  auto connection = context.Connect();
  if (connection.ok()) {
    auto checked = Create(**connection, RequestFor(options, document));
    if (!checked.ok()) return ReportError(checked.status(), context.err, document.name);
  } else {
    context.err << "not checked by a controller: " << std::string(connection.status().message())
                << "\n";
  }
  context.out << (context.json ? LayerTablesJson(result.experiment) + "\n"
                               : FormatLayerTables(result.experiment));
  return ExitCode::kOk;
}

void PrintSubmission(const v1::Experiment& experiment, bool watch, Context& context) {
  if (context.json) {
    context.out << SubmissionJson(experiment) << "\n" << std::flush;
    return;
  }
  context.out << "Experiment " << experiment.id() << " (" << Printable(experiment.name())
              << "): " << experiment.runs_size()
              << (experiment.runs_size() == 1 ? " run queued\n" : " runs queued\n");
  if (watch) return;
  context.out << RenderRuns({experiment.runs().begin(), experiment.runs().end()}, {},
                            LayoutOf(context))
              << "Watch: fp4ctl watch " << experiment.id() << "\n";
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(DocumentInput document, ReadDocument(context, options.file));
  if (options.dry_run) return DryRun(options, document, context);
  std::optional<StopSignal> stop;
  if (options.watch) stop.emplace();
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  auto experiment = Create(*connection, RequestFor(options, document));
  if (!experiment.ok()) return ReportError(experiment.status(), context.err, document.name);
  PrintSubmission(*experiment, options.watch, context);
  if (!options.watch) return ExitCode::kOk;
  return WatchTarget(context, *stop, {false, *std::move(experiment), {}}, 0);
}

}  // namespace

Verb SubmitVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "submit",
          .summary = "Queue the runs of a document",
          .help = kHelp,
          .options = {DocumentArgument(options->file),
                      SetOption(options->overrides),
                      {.names = "-w,--watch",
                       .target = &options->watch,
                       .help = "Watch until all runs have finished"},
                      {.names = "--dry-run",
                       .target = &options->dry_run,
                       .help = "Check and print the layer tables only"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
