#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/operations.h"
#include "client/render/json.h"
#include "client/render/numbers.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

struct Options {
  std::string action, folder;
};

constexpr char kHelp[] = R"(
backup: a copy of all that the controller keeps, its database and the checkpoints that it holds, as they are at one moment;
everything goes on meanwhile. The folder is on the controller's host; it must not exist, and appears when the copy is
complete. `fp4-controller --data-dir NEW --restore FOLDER` begins with it.

Example:
  fp4ctl admin backup /backups/monday)";

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  FP4_ASSIGN_OR_RETURN(const std::string address, context.Address());
  Operations operations(address);
  FP4_ASSIGN_OR_RETURN(const v1::BackupResponse done,
                       operations.Backup(std::filesystem::absolute(options.folder).string()));
  if (context.json) {
    context.out << BackupJson(done) << "\n";
    return ExitCode::kOk;
  }
  context.out << Printable(done.folder()) << ": the database ("
              << FormatCount(static_cast<double>(done.database_bytes())) << "B) and "
              << done.num_checkpoints() << " checkpoints ("
              << FormatCount(static_cast<double>(done.checkpoint_bytes())) << "B)\n";
  return ExitCode::kOk;
}

}  // namespace

Verb AdminVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kOtherGroup,
          .name = "admin",
          .summary = "Back the controller up while it runs",
          .help = kHelp,
          .options = {{.names = "ACTION",
                       .target = &options->action,
                       .help = "What is done",
                       .required = true,
                       .choices = {"backup"}},
                      {.names = "FOLDER",
                       .target = &options->folder,
                       .help = "Where the copy is made, on the controller's host",
                       .required = true}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
