#include "server/rpc/credentials.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "tls/certificate.h"

namespace fp4::rpc {
namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::FileWatcherCertificateProvider;
using grpc::experimental::TlsCustomVerificationCheckRequest;

constexpr unsigned kLookAgainSeconds = 5;

// OpenSSL only proves that the caller has the key of its certificate; the rest is decided here, so
// that the log can say why one is refused.
class WorkerVerifier : public ExternalCertificateVerifier {
 public:
  explicit WorkerVerifier(std::filesystem::path authority) : authority_(std::move(authority)) {}

  bool Verify(TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    *status = grpc::Status::OK;
    const grpc::string_ref own = request->peer_cert();
    if (own.empty()) return true;  // it will need a token
    // On the server's side OpenSSL leaves the caller's own certificate out of its chain.
    const grpc::string_ref between = request->peer_cert_full_chain();
    std::string chain(own.data(), own.size());
    chain.append(between.data(), between.size());
    const absl::StatusOr<std::string> name = Check(chain);
    if (name.ok()) return true;
    LogWarning("a worker's certificate is refused",
               {{"why", std::string(name.status().message())}});
    *status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(name.status().message()));
    return true;
  }

  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  absl::StatusOr<std::string> Check(std::string_view chain) const {
    FP4_ASSIGN_OR_RETURN(const std::string authority, ReadFile(authority_));
    return tls::VerifyWorker(chain, authority, SystemClock().Now());
  }

  const std::filesystem::path authority_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const std::optional<tls::Files>& files) {
  if (!files) return grpc::InsecureServerCredentials();
  FP4_RETURN_IF_ERROR(tls::CheckPair(*files));
  auto provider = std::make_shared<FileWatcherCertificateProvider>(
      files->key.string(), files->certificate.string(), kLookAgainSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (!files->authority.empty()) {
    options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
    options.set_certificate_verifier(
        ExternalCertificateVerifier::Create<WorkerVerifier>(files->authority));
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace fp4::rpc
