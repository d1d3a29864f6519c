// Takes connections for the gRPC server.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/file.h"
#include "server/rpc/open_connections.h"

namespace grpc::experimental {
class ExternalConnectionAcceptor;
}

namespace fp4::rpc {

// Descriptors that connections leave to the rest of the daemon: its database, its HTTP port.
inline constexpr int kReservedDescriptors = 16;

// So many connections may come from one network (base/peer.h) at a time; what comes from this
// machine itself is not counted.
inline constexpr size_t kMaxConnectionsOfOne = 1000;

// Instead of gRPC's own listener, which stops for good when descriptors run out once (1.51,
// tcp_server_posix.cc). This one closes what comes while there are none to spare, and goes on when
// there are again. One network cannot take all places. Thread-safe.
class Acceptor {
 public:
  // Takes sockets that listen (ListenOn) and gives their connections to `server`, a way into a
  // server that has started, with its encryption or without. What is given outlives the acceptor.
  Acceptor(std::vector<UniqueFd> sockets, grpc::experimental::ExternalConnectionAcceptor& server,
           const Clock& clock);
  // Takes no more.
  ~Acceptor();

  // RESOURCE_EXHAUSTED when connections have been turned away in the last seconds.
  absl::Status Health() const;

 private:
  void Run();
  // False: no descriptor was left for a connection.
  bool AcceptAll(const UniqueFd& socket);
  // Whether a connection may stay.
  bool HasRoom(int connection);
  void NoteExhaustion();

  const std::vector<UniqueFd> sockets_;
  const UniqueFd stop_;
  grpc::experimental::ExternalConnectionAcceptor& server_;
  const Clock& clock_;
  OpenConnections open_{kMaxConnectionsOfOne};       // of the thread
  absl::Duration told_ = -absl::InfiniteDuration();  // when the log was told that one has none
  std::atomic<int64_t> exhausted_ms_;                // Clock::SinceBoot of the last time
  std::thread thread_;
};

}  // namespace fp4::rpc
