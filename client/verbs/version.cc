#include "base/version.h"

#include <nlohmann/json.hpp>

#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

absl::StatusOr<ExitCode> Run(Context& context) {
  if (context.json) {
    context.out
        << nlohmann::ordered_json{{"version", Version()}, {"git_revision", GitRevision()}}.dump()
        << "\n";
  } else {
    context.out << "fp4ctl " << Version() << " (" << GitRevision() << ")\n";
  }
  return ExitCode::kOk;
}

}  // namespace

void AddVersion(Program& program) {
  program.Add(kOtherGroup, "version", "Print the version of fp4ctl", "", Run);
}

}  // namespace fp4::client
