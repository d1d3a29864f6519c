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

void AddSchema(Program& program) {
  program.Add(kDocumentGroup, "schema", "Print the JSON Schema (draft 7) of experiment documents",
              kHelp, Run);
}

}  // namespace fp4::client
