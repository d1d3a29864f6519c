#include "base/version.h"

#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

absl::StatusOr<ExitCode> Run(Context& context) {
  if (context.json) {
    context.out << FlatJson({{"version", std::string(Version())},
                             {"git_revision", std::string(GitRevision())}})
                << "\n";
  } else {
    context.out << "fp4ctl " << Version() << " (" << GitRevision() << ")\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb VersionVerb() {
  return {.group = kOtherGroup,
          .name = "version",
          .summary = "Print the version of fp4ctl",
          .help = "",
          .options = {},
          .run = Run};
}

}  // namespace fp4::client
