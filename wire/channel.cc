#include "wire/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <utility>
#include <vector>

#include "absl/base/internal/sysinfo.h"

namespace fp4::wire {
namespace {

constexpr int kMaxAnswerBytes = 64 << 20;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name: how long one attempt to connect may take. A controller whose machine is
  // busy is slow to accept, and not gone.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 15'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // A new connection does not inherit the waiting time of an old one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  arguments.SetMaxSendMessageSize(-1);
  return arguments;
}

using grpc::experimental::FileWatcherCertificateProvider;
using grpc::experimental::InterceptionHookPoints;

constexpr unsigned kLookAgainSeconds = 5;

// Adds the token to a call's metadata.
class TokenBearer : public grpc::experimental::Interceptor {
 public:
  explicit TokenBearer(const std::string& value) : value_(value) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      batch->GetSendInitialMetadata()->insert({"authorization", value_});
    }
    batch->Proceed();
  }

 private:
  const std::string& value_;  // of the factory, which the channel keeps
};

class TokenBearerFactory : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenBearerFactory(const std::string& token) : value_("Bearer " + token) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo*) override {
    return new TokenBearer(value_);
  }

 private:
  const std::string value_;
};

std::shared_ptr<grpc::ChannelCredentials> Credentials(const ChannelSecurity& security) {
  if (!security.tls) return grpc::InsecureChannelCredentials();
  const tls::Files& files = *security.tls;
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (!files.authority.empty() || !files.certificate.empty()) {
    options.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
        files.key.string(), files.certificate.string(), files.authority.string(),
        kLookAgainSeconds));
  }
  if (!files.authority.empty()) options.watch_root_certs();
  if (!files.certificate.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

// Abseil asks for the number and the speed of the processors when a lock is contended for the first
// time. Where there is no /sys, as in a plain chroot, that sets errno; gRPC 1.51 reads errno some
// calls after connect(), and would take a controller that answers for one that does not. Abseil
// keeps the answers, so that what is asked here is not asked there. It has no public function for
// this.
void LookAtProcessors() {
  absl::base_internal::NumCPUs();
  absl::base_internal::NominalCPUFrequency();
}

}  // namespace

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const ChannelSecurity& security) {
  LookAtProcessors();
  const auto credentials = Credentials(security);
  if (security.token.empty()) return grpc::CreateCustomChannel(address, credentials, Arguments());
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<TokenBearerFactory>(security.token));
  return grpc::experimental::CreateCustomChannelWithInterceptors(address, credentials, Arguments(),
                                                                 std::move(interceptors));
}

}  // namespace fp4::wire
