// Sockets that listen, and descriptors as something that can run out.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/host_port.h"

namespace fp4 {

// Listens on all addresses that `address` names ("localhost" may have two), all with one port, and
// writes the port that was picked into it where it was 0. The sockets do not block, are closed by
// exec, and share their port with nobody. UNAVAILABLE, with the system's words: the port is taken,
// or the address is not one of this machine.
absl::StatusOr<std::vector<UniqueFd>> ListenOn(HostPort& address);

// A connection that waits at the socket, not blocking and closed by exec; none when nobody waits.
// RESOURCE_EXHAUSTED: there are no descriptors left (or memory); whoever waits goes on waiting.
absl::StatusOr<UniqueFd> AcceptOn(const UniqueFd& socket);

// Raises this process's limit of open descriptors to what the system allows it (the hard limit).
// Returns the limit that holds now. Children inherit it.
int RaiseDescriptorLimit();

// The limit of open descriptors of this process, now.
int DescriptorLimit();

}  // namespace fp4
