#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/certificates.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/operations.h"
#include "client/render/access.h"
#include "client/render/json.h"
#include "client/render/numbers.h"
#include "client/render/text.h"
#include "client/verbs/verbs.h"
#include "wire/json/access.h"

namespace fp4::client {
namespace {

struct Options {
  std::string action, folder;
  int64_t limit = 100;
  CertificateOptions certificates;
};

constexpr char kHelp[] = R"(
backup: a copy of all that the controller keeps, its database and the checkpoints that it holds, as they are at one moment;
everything goes on meanwhile. The folder is on the controller's host; it must not exist, and appears when the copy is
complete. `fp4-controller --data-dir NEW --restore FOLDER` begins with it.

audit: who changed what, when, from where, and with what result, and who was refused; the newest first.

certificates: makes, on this machine, a private authority in a folder (once), and with --host the controller's certificate,
with --worker those of workers. Made again, they replace those of before; daemons read changed files without a restart.

Examples:
  fp4ctl admin backup /backups/monday
  fp4ctl admin audit --limit 20
  fp4ctl admin certificates --dir tls --host lab.example.org --worker gpu1)";

absl::StatusOr<ExitCode> Backup(const Options& options, Operations& operations, Context& context) {
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

absl::StatusOr<ExitCode> Audit(const Options& options, Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::ListAuditResponse all,
                       operations.ListAudit(static_cast<int>(options.limit)));
  if (context.json) {
    context.out << wire::AuditJson(all) << "\n";
  } else {
    context.out << RenderAudit(all, absl::Now(), LayoutOf(context));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  if (options.action == "certificates") return MakeCertificates(options.certificates, context);
  if (options.action == "backup" && options.folder.empty()) {
    return WithExitCode(absl::InvalidArgumentError("admin backup: FOLDER is required"),
                        ExitCode::kUsage);
  }
  FP4_ASSIGN_OR_RETURN(const std::string address, context.Address());
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security, context.Security());
  Operations operations(address, security);
  return options.action == "backup" ? Backup(options, operations, context)
                                    : Audit(options, operations, context);
}

}  // namespace

Verb AdminVerb() {
  auto options = std::make_shared<Options>();
  CertificateOptions& certificates = options->certificates;
  return {.group = kOtherGroup,
          .name = "admin",
          .summary = "Back the controller up, see who did what, make certificates",
          .help = kHelp,
          .options = {{.names = "ACTION",
                       .target = &options->action,
                       .help = "What is done",
                       .required = true,
                       .choices = {"backup", "audit", "certificates"}},
                      {.names = "FOLDER",
                       .target = &options->folder,
                       .help = "Of backup: where the copy is made, on the controller's host"},
                      {.names = "--limit",
                       .target = &options->limit,
                       .help = "Of audit: so many entries at most",
                       .range = {1, 1'000'000}},
                      {.names = "--dir",
                       .target = &certificates.folder,
                       .help = "Of certificates: the folder of the authority; made if absent",
                       .value_name = "DIR"},
                      {.names = "--host",
                       .target = &certificates.names,
                       .help = "Of certificates: a name or an address of the controller's host, as "
                               "callers use it; repeatable",
                       .value_name = "NAME"},
                      {.names = "--worker",
                       .target = &certificates.workers,
                       .help = "Of certificates: the identity of a worker; repeatable",
                       .value_name = "NAME"},
                      {.names = "--days",
                       .target = &certificates.days,
                       .help = "Of certificates: how long they are valid",
                       .range = {1, 36500}}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
