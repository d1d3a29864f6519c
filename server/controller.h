// The whole controller in one object: lock, store, gRPC, HTTP.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/host_port.h"
#include "base/ids.h"
#include "server/options.h"

namespace fp4::server {

// Serves from Start until it is destroyed, which ends calls, commits what was accepted and frees
// the folder.
class Controller {
 public:
  // Makes and locks the data directory, opens the store, listens on both addresses, and then writes
  // endpoints.json. FAILED_PRECONDITION: another controller uses the directory, or its database is
  // newer than this program. UNAVAILABLE: a port is taken. `clock` and `ids` outlive it.
  static absl::StatusOr<std::unique_ptr<Controller>> Start(const Options& options,
                                                           const Clock& clock, IdSource& ids);
  ~Controller();

  const HostPort& grpc_address() const;
  const HostPort& http_address() const;

 private:
  struct Parts;
  explicit Controller(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// Makes a token of an administrator in the new file options.admin_token, while no controller uses
// the data directory. Errors as of Start; ALREADY_EXISTS: the file is there.
absl::Status MakeAdminToken(const Options& options, const Clock& clock, IdSource& ids);

}  // namespace fp4::server
