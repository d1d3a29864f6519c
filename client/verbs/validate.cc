#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "client/document_input.h"
#include "client/errors.h"
#include "client/verbs/layer_tables.h"
#include "client/verbs/verbs.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

using Json = nlohmann::ordered_json;

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

std::string ProblemsJson(const std::vector<spec::Problem>& problems) {
  Json errors = Json::array();
  for (const spec::Problem& problem : problems) {
    errors.push_back({{"path", problem.path},
                      {"line", problem.line},
                      {"column", problem.column},
                      {"message", problem.message}});
  }
  const Json json = {{"valid", false}, {"errors", errors}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(DocumentInput document, ReadDocument(context, options.file));
  const spec::ReadResult result =
      spec::ReadExperiment(document.text, options.overrides, {.base_folder = document.folder});
  for (const spec::Problem& problem : result.problems) {
    context.err << problem.ToString(document.name) << "\n";
  }
  if (context.json) {
    context.out << (result.ok() ? LayerTablesJson(result.experiment)
                                : ProblemsJson(result.problems))
                << "\n";
  } else if (result.ok()) {
    context.out << FormatLayerTables(result.experiment);
  }
  if (!result.ok()) return BadDocument();
  return ExitCode::kOk;
}

}  // namespace

void AddValidate(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      program.Add(kDocumentGroup, "validate", "Check a document and print its layer tables", kHelp,
                  [options](Context& context) { return Run(*options, context); });
  command.add_option("FILE", options->file, "The document; - reads standard input")->required();
  command
      .add_option("--set", options->overrides, "Override a field: path=value, after the variants")
      ->type_name("K=V")
      ->take_all()
      ->expected(1);
}

}  // namespace fp4::client
