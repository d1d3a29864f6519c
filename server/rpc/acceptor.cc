#include "server/rpc/acceptor.h"

#include <grpcpp/server_builder.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/peer.h"

namespace fp4::rpc {
namespace {

// Between two tries when no descriptors were left.
constexpr int kPauseMs = 100;
// How long after the last refusal the daemon counts as short of descriptors; so seldom the log is
// told of a network that is turned away.
constexpr absl::Duration kMemory = absl::Seconds(5);
constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

}  // namespace

Acceptor::Acceptor(std::vector<UniqueFd> sockets,
                   grpc::experimental::ExternalConnectionAcceptor& server, const Clock& clock)
    : sockets_(std::move(sockets)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      server_(server),
      clock_(clock),
      exhausted_ms_(kNever),
      thread_([this] { Run(); }) {}

Acceptor::~Acceptor() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void Acceptor::Run() {
  bool pause = false;
  while (true) {
    std::vector<pollfd> polled = {{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    for (const UniqueFd& socket : sockets_) {
      if (!pause) polled.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
    }
    poll(polled.data(), polled.size(), pause ? kPauseMs : -1);
    if (polled[0].revents != 0) return;
    pause = false;
    for (const UniqueFd& socket : sockets_) pause = !AcceptAll(socket) || pause;
  }
}

bool Acceptor::AcceptAll(const UniqueFd& socket) {
  while (true) {
    absl::StatusOr<UniqueFd> fd = AcceptOn(socket);
    if (fd.ok() && !fd->valid()) return true;
    // Descriptors are given out from the lowest free number upwards.
    if (!fd.ok() || fd->get() >= DescriptorLimit() - kReservedDescriptors) {
      NoteExhaustion();
      return false;
    }
    if (!HasRoom(fd->get())) continue;
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = socket.get();
    connection.fd = fd->release();
    server_.HandleNewConnection(&connection);
  }
}

bool Acceptor::HasRoom(int connection) {
  const Peer peer = PeerOf(connection);
  const absl::Duration now = clock_.SinceBoot();
  if (peer.is_loopback || open_.Add(connection, peer.network, now)) return true;
  if (now - told_ > kMemory) {
    told_ = now;
    LogWarning("connections of one network are turned away: it has as many as one may have",
               {{"network", peer.network}, {"limit", static_cast<int64_t>(kMaxConnectionsOfOne)}});
  }
  return false;
}

void Acceptor::NoteExhaustion() {
  const bool known = !Health().ok();
  exhausted_ms_ = absl::ToInt64Milliseconds(clock_.SinceBoot());
  if (!known) {
    LogWarning("connections are turned away: no descriptors are left",
               {{"limit", DescriptorLimit()}, {"reserved", kReservedDescriptors}});
  }
}

absl::Status Acceptor::Health() const {
  const int64_t last = exhausted_ms_;
  if (last == kNever || clock_.SinceBoot() - absl::Milliseconds(last) > kMemory) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat("connections are turned away: of ",
                                                   DescriptorLimit(), " descriptors none is left"));
}

}  // namespace fp4::rpc
