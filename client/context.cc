#include "client/context.h"

#include "base/reasons.h"
#include "base/status_macros.h"
#include "client/connection.h"
#include "client/errors.h"
#include "client/local/endpoints.h"

namespace fp4::client {
namespace {

constexpr char kDefaultPort[] = ":4404";

}  // namespace

absl::StatusOr<std::string> Context::Address() const {
  if (!controller.empty()) {
    const bool has_port = controller.rfind(':') != std::string::npos && controller.back() != ']';
    return has_port ? controller : controller + kDefaultPort;
  }
  auto endpoints = FindDaemon(state_folder / kControllerFolder);
  if (endpoints.has_value()) return endpoints->grpc;
  return Unreachable("no controller is up on this machine");
}

absl::StatusOr<wire::ChannelSecurity> Context::Security() const {
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity read, wire::ReadChannelSecurity(security));
  FP4_ASSIGN_OR_RETURN(const std::string address, Address());
  FP4_RETURN_IF_ERROR(wire::CheckTokenIsSafe(address, read));
  return read;
}

absl::StatusOr<std::unique_ptr<Connection>> Context::Connect() const {
  FP4_ASSIGN_OR_RETURN(std::string address, Address());
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security, Security());
  return std::make_unique<Connection>(address, security);
}

}  // namespace fp4::client
