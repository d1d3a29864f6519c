#include "client/verbs/verbs.h"
#include "spec/document.h"

namespace fp4::client {
namespace {

constexpr char kHelp[] = R"(
Editors that know JSON Schema check and complete documents with it:
  fp4ctl schema > fp4.schema.json)";

absl::StatusOr<ExitCode> Run(Context& context) {
  context.out << spec::JsonSchema() << "\n";
  return ExitCode::kOk;
}

}  // namespace

Verb SchemaVerb() {
  return {.group = kDocumentGroup,
          .name = "schema",
          .summary = "Print the JSON Schema (draft 7) of experiment documents",
          .help = kHelp,
          .options = {},
          .run = Run};
}

}  // namespace fp4::client
