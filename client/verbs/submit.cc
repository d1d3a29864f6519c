#include <unistd.h>

#include <climits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/stop_signal.h"
#include "client/connection.h"
#include "client/data_files.h"
#include "client/document_input.h"
#include "client/errors.h"
#include "client/render/text.h"
#include "client/submission.h"
#include "client/verbs/layer_tables.h"
#include "client/verbs/verbs.h"
#include "client/watch/session.h"
#include "spec/json.h"

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
  request.set_document_name(Printable(document.name));
  for (const std::string& override : options.overrides) {
    request.add_overrides(spec::OverrideWithAbsolutePaths(override, document.folder));
  }
  request.set_request_id(NewRequestId());
  request.set_validate_only(options.dry_run);
  return request;
}

// The problems of a document that cannot be sent, because it is no text or too long, printed. All
// else is left to the controller, which may be of another release.
absl::Status CheckText(const Options& options, const DocumentInput& document, Context& context) {
  if (!spec::IsUtf8(document.text) || document.text.size() > spec::kMaxJsonBytes) {
    const spec::ReadResult result =
        spec::ReadExperiment(document.text, options.overrides, {.base_folder = document.folder});
    return PrintProblems(result.problems, document, context);
  }
  return CheckFolder(document);
}

// Whether every trainer would see the files of this machine: the workers say which host they are.
bool WorkersAreHere(Connection& connection) {
  char host[HOST_NAME_MAX + 1] = "";
  gethostname(host, sizeof host - 1);
  auto workers = connection.ListWorkers();
  int num_connected = 0;
  if (!workers.ok()) return false;
  for (const v1::Worker& worker : workers->workers()) {
    if (!worker.connected()) continue;
    if (worker.host() != host) return false;
    ++num_connected;
  }
  return num_connected > 0;
}

// Files that are missing for sure are an error; of those that other machines may have it is said
// that nobody has looked.
absl::Status CheckFiles(const Options& options, const DocumentInput& document,
                        Connection& connection, Context& context) {
  const spec::ReadResult result =
      spec::ReadExperiment(document.text, options.overrides, {.base_folder = document.folder});
  if (!result.ok()) return absl::OkStatus();  // the controller says it
  const std::vector<MissingFile> missing = FindMissingFiles(result.experiment, document);
  if (missing.empty()) return absl::OkStatus();
  const bool certain = WorkersAreHere(connection);
  for (const MissingFile& file : missing) {
    context.err << (certain ? Describe(file, document.name, "error", "does not exist")
                            : Describe(file, document.name, "warning",
                                       "is not on this machine and was not checked; the workers "
                                       "must have it"))
                << "\n";
  }
  return certain ? BadDocument() : absl::OkStatus();
}

absl::StatusOr<ExitCode> DryRun(const Options& options, const DocumentInput& document,
                                Context& context) {
  const spec::ReadResult result =
      spec::ReadExperiment(document.text, options.overrides, {.base_folder = document.folder});
  if (!result.ok()) return PrintProblems(result.problems, document, context);
  auto connection = context.Connect();
  if (connection.ok()) {
    FP4_RETURN_IF_ERROR(CheckFiles(options, document, **connection, context));
    auto checked = CreateExperiment(**connection, RequestFor(options, document));
    if (!checked.ok()) return ReportError(checked.status(), context.err, document.name);
  } else {
    context.err << "not checked by a controller: " << std::string(connection.status().message())
                << "\n";
  }
  context.out << (context.json ? LayerTablesJson(result.experiment) + "\n"
                               : FormatLayerTables(result.experiment));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(DocumentInput document, ReadDocument(context, options.file));
  FP4_RETURN_IF_ERROR(CheckText(options, document, context));
  if (options.dry_run) return DryRun(options, document, context);
  std::optional<StopSignal> stop;
  if (options.watch) stop.emplace();
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_RETURN_IF_ERROR(CheckFiles(options, document, *connection, context));
  auto experiment = CreateExperiment(*connection, RequestFor(options, document));
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
