#include "client/errors.h"
#include "client/render/json.h"
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
  auto explained = spec::Explain(options.field);
  if (!explained.ok()) return NoSuch(std::string(explained.status().message()));
  const std::string& text = *explained;
  if (context.json) {
    context.out << FlatJson({{"field", options.field}, {"text", text}}) << "\n";
    return ExitCode::kOk;
  }
  context.out << text;
  if (!text.ends_with('\n')) context.out << "\n";
  return ExitCode::kOk;
}

}  // namespace

Verb ExplainVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kDocumentGroup,
          .name = "explain",
          .summary = "Say what a field of the document means",
          .help = kHelp,
          .options = {{.names = "FIELD",
                       .target = &options->field,
                       .help = "Dotted path of the field; all without it"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
