#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/document_input.h"
#include "client/errors.h"
#include "client/render/text.h"
#include "client/submission.h"
#include "client/target.h"
#include "client/verbs/verbs.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

struct Options {
  std::string id;
  std::vector<std::string> overrides;
  bool print = false;
};

constexpr char kHelp[] = R"(
Submits the document of an experiment, or that of one run alone, once more, as a new experiment. --set changes fields on
the way, after those that the first one was submitted with. --print writes the document and submits nothing.

Examples:
  fp4ctl clone k7x2 --set 'seeds=[4,5,6]'
  fp4ctl clone b2c3 --set training.steps=2000
  fp4ctl clone k7x2 --print > again.json)";

// As it came: a document and what was changed on the way.
struct Original {
  std::string document, name;
  std::vector<std::string> overrides;
};

Original OriginalOf(const Target& target) {
  if (target.is_run) {
    return {target.run.resolved_document(), absl::StrCat("run ", target.run.id()), {}};
  }
  const v1::Experiment& experiment = target.experiment;
  return {experiment.document(),
          experiment.document_name(),
          {experiment.overrides().begin(), experiment.overrides().end()}};
}

void Print(const Original& original, Context& context) {
  context.out << original.document;
  if (!original.document.ends_with('\n')) context.out << "\n";
  if (original.overrides.empty()) return;
  context.err << "It was submitted with --set "
              << Printable(absl::StrJoin(original.overrides, " --set ")) << "\n";
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(auto connection, context.Connect());
  FP4_ASSIGN_OR_RETURN(const Target target, FindTarget(*connection, options.id));
  const Original original = OriginalOf(target);
  if (options.print) {
    Print(original, context);
    return ExitCode::kOk;
  }
  v1::CreateExperimentRequest request;
  request.set_document(original.document);
  request.set_document_name(original.name);
  for (const std::string& override : original.overrides) request.add_overrides(override);
  for (const std::string& override : options.overrides) {
    request.add_overrides(
        spec::OverrideWithAbsolutePaths(override, std::filesystem::current_path().string()));
  }
  request.set_request_id(NewRequestId());
  auto experiment = CreateExperiment(*connection, request);
  if (!experiment.ok()) return ReportError(experiment.status(), context.err, original.name);
  PrintSubmission(*experiment, false, context);
  return ExitCode::kOk;
}

}  // namespace

Verb CloneVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kExperimentGroup,
          .name = "clone",
          .summary = "Submit an experiment or a run once more",
          .help = kHelp,
          .options = {{.names = "ID",
                       .target = &options->id,
                       .help = "An experiment or a run",
                       .required = true},
                      SetOption(options->overrides),
                      {.names = "--print",
                       .target = &options->print,
                       .help = "Write the document instead"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
