#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "client/verbs/verbs.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

struct Options {
  std::string field;
};

constexpr char kHelp[] = R"(
Examples:
  fp4ctl explain                           all fields
  fp4ctl explain precision                 a part of the document
  fp4ctl explain optimizer.learning_rate   one field)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(std::string text, spec::Explain(options.field));
  if (context.json) {
    context.out << nlohmann::ordered_json{{"field", options.field}, {"text", text}}.dump() << "\n";
    return ExitCode::kOk;
  }
  context.out << text;
  if (!text.ends_with('\n')) context.out << "\n";
  return ExitCode::kOk;
}

}  // namespace

void AddExplain(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      program.Add(kDocumentGroup, "explain", "Say what a field of the document means", kHelp,
                  [options](Context& context) { return Run(*options, context); });
  command.add_option("FIELD", options->field, "Dotted path of the field; all without it");
}

}  // namespace fp4::client
