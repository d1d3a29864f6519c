#include "base/status_macros.h"
#include "client/document_input.h"
#include "client/errors.h"
#include "client/verbs/layer_tables.h"
#include "client/verbs/verbs.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> overrides;
};

constexpr char kHelp[] = R"(
Reads the document as the controller would, without one. Prints what each variant does to each layer; every problem
goes to standard error, with its place, and the exit status is then 2.

Examples:
  fp4ctl validate fp4.json
  fp4ctl validate fp4.json --set optimizer.learning_rate=3e-4)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(DocumentInput document, ReadDocument(context, options.file));
  const spec::ReadResult result =
      spec::ReadExperiment(document.text, options.overrides, {.base_folder = document.folder});
  if (result.ok()) FP4_RETURN_IF_ERROR(CheckFolder(document));
  if (context.json) {
    context.out << (result.ok() ? LayerTablesJson(result.experiment)
                                : ProblemsJson(result.problems))
                << "\n";
  } else if (result.ok()) {
    context.out << FormatLayerTables(result.experiment);
  }
  if (!result.ok()) return PrintProblems(result.problems, document, context);
  return ExitCode::kOk;
}

}  // namespace

Verb ValidateVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kDocumentGroup,
          .name = "validate",
          .summary = "Check a document and print its layer tables",
          .help = kHelp,
          .options = {DocumentArgument(options->file), SetOption(options->overrides)},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
