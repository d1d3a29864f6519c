// How many connections each network holds.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace fp4::rpc {

// Counts connections that have been given away, so that nobody tells when they end: one is over
// when its descriptor is closed or is another socket by now, which its inode says. Not thread-safe.
class OpenConnections {
 public:
  // No network may hold more than `max_of_one`.
  explicit OpenConnections(size_t max_of_one);

  // Takes note of the socket `fd` of `network` (base/peer.h). False: the network holds as many as
  // it may, and this one is not noted.
  bool Add(int fd, const std::string& network, absl::Duration now);
  size_t num_networks() const { return networks_.size(); }

 private:
  struct Socket {
    int fd = -1;
    ino_t inode = 0;
  };
  struct Network {
    std::vector<Socket> sockets;  // some of which may be over
    absl::Duration looked_at = -absl::InfiniteDuration();
  };

  static bool IsOver(const Socket& socket);
  void DropOver(Network& network, absl::Duration now);
  // Networks whose connections are all over are forgotten.
  void DropAllOver(absl::Duration now);

  const size_t max_of_one_;
  std::map<std::string, Network> networks_;
  size_t num_noted_ = 0, drop_at_;
};

}  // namespace fp4::rpc
