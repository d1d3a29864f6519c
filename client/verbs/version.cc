#include "base/version.h"

#include "client/library_versions.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

absl::StatusOr<ExitCode> Run(Context& context) {
  const std::vector<LibraryVersion> libraries = LibraryVersions();
  if (context.json) {
    std::vector<JsonText> fields = {{"version", std::string(Version())},
                                    {"git_revision", std::string(GitRevision())}};
    for (const LibraryVersion& library : libraries) {
      fields.push_back({library.name, library.version});
    }
    context.out << FlatJson(fields) << "\n";
    return ExitCode::kOk;
  }
  context.out << "fp4ctl " << Version() << " (" << GitRevision() << ")\n";
  for (const LibraryVersion& library : libraries) {
    context.out << library.name << " " << library.version << "\n";
  }
  return ExitCode::kOk;
}

}  // namespace

Verb VersionVerb() {
  return {.group = kOtherGroup,
          .name = "version",
          .summary = "Print the versions of fp4ctl and of its libraries",
          .help = "",
          .options = {},
          .run = Run};
}

}  // namespace fp4::client
