#include "client/certificates.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/errors.h"
#include "client/render/json.h"
#include "client/render/text.h"
#include "tls/authority.h"

namespace fp4::client {

absl::StatusOr<ExitCode> MakeCertificates(const CertificateOptions& options, Context& context) {
  if (options.folder.empty()) {
    return WithExitCode(absl::InvalidArgumentError("admin certificates: --dir is required"),
                        ExitCode::kUsage);
  }
  const absl::Time now = absl::Now();
  tls::Lifetimes lifetimes;
  lifetimes.certificate = options.days * absl::Hours(24);
  FP4_ASSIGN_OR_RETURN(const tls::Authority authority,
                       tls::Authority::OpenOrMake(options.folder, lifetimes, now));
  std::vector<tls::Files> made;
  if (!options.names.empty()) {
    FP4_ASSIGN_OR_RETURN(made.emplace_back(), authority.IssueController(options.names, now));
  }
  for (const std::string& worker : options.workers) {
    FP4_ASSIGN_OR_RETURN(made.emplace_back(), authority.IssueWorker(worker, now));
  }
  std::vector<JsonText> fields = {
      {"authority", (std::filesystem::path(options.folder) / "authority.pem").string()}};
  for (const tls::Files& files : made) {
    fields.push_back({files.certificate.stem().string(), files.certificate.string()});
  }
  if (context.json) {
    context.out << FlatJson(fields) << "\n";
    return ExitCode::kOk;
  }
  for (const JsonText& field : fields) context.out << Printable(field.text) << "\n";
  return ExitCode::kOk;
}

}  // namespace fp4::client
