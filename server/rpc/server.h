// The controller's gRPC server: its services, health, reflection.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/host_port.h"
#include "server/rpc/backends.h"
#include "telemetry/metric_registry.h"

namespace fp4::rpc {

class Server {
 public:
  // Listens on `address` (port 0 picks one) and serves. UNAVAILABLE: the address is taken or not
  // this machine's. Registry and clock outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const HostPort& address,
                                                       const Backends& backends,
                                                       telemetry::MetricRegistry& registry,
                                                       const Clock& clock);

  // Ends streams and long polls with UNAVAILABLE (SHUTTING_DOWN) so that callers come back, lets
  // other calls finish, and cancels after some seconds what is still open.
  ~Server();

  // OK while it takes all connections; why not otherwise. Waits for nothing.
  absl::Status Health() const;

  // With the port that was picked.
  const HostPort& address() const { return address_; }

 private:
  struct Parts;
  Server(HostPort address, std::unique_ptr<Parts> parts);

  HostPort address_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fp4::rpc
