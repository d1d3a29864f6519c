#include "wire/channel_security.h"

#include "absl/strings/str_cat.h"
#include "base/environment.h"
#include "base/host_port.h"
#include "base/status_macros.h"
#include "tls/secret_file.h"

namespace fp4::wire {
namespace {

constexpr char kSystem[] = "system";

absl::StatusOr<tls::Files> ReadTls(const SecurityFiles& files) {
  tls::Files tls{.certificate = files.certificate,
                 .key = files.key,
                 .authority = files.authority == kSystem ? "" : files.authority};
  if (files.certificate.empty() != files.key.empty()) {
    return absl::InvalidArgumentError("a certificate and its key are given together or not at all");
  }
  if (!files.certificate.empty()) FP4_RETURN_IF_ERROR(tls::CheckPair(tls));
  return tls;
}

}  // namespace

SecurityFiles SecurityFilesOfEnvironment() {
  return {.token = EnvironmentVariable("FP4_TOKEN_FILE"),
          .authority = EnvironmentVariable("FP4_TLS_AUTHORITY"),
          .certificate = "",
          .key = ""};
}

absl::StatusOr<ChannelSecurity> ReadChannelSecurity(const SecurityFiles& files) {
  ChannelSecurity security;
  if (!files.token.empty()) {
    FP4_ASSIGN_OR_RETURN(security.token, tls::ReadSecretFile(files.token));
    if (security.token.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(files.token, " holds no token"));
    }
  }
  if (files.authority.empty()) {
    if (files.certificate.empty() && files.key.empty()) return security;
    return absl::InvalidArgumentError(
        "a certificate is given, but not whose certificates are believed (an authority's file, or "
        "'system')");
  }
  FP4_ASSIGN_OR_RETURN(security.tls, ReadTls(files));
  return security;
}

absl::Status CheckTokenIsSafe(const std::string& address, const ChannelSecurity& security) {
  if (security.token.empty() || security.tls) return absl::OkStatus();
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (parsed.ok() && parsed->IsLoopback()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the token is not sent to ", address,
                   " without TLS, where others could read it; name the authority of its "
                   "certificate in FP4_TLS_AUTHORITY"));
}

}  // namespace fp4::wire
