#include "base/peer.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/host_port.h"

namespace fp4 {
namespace {

constexpr size_t kMappedBytes = 12, kNetworkBytes = 8;

// Without the port. Empty: not to be told.
std::string HostOfSocket(const sockaddr_storage& address, socklen_t size, std::string& port) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> service{};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                  service.data(), service.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "";
  }
  port = service.data();
  return host.data();
}

}  // namespace

Peer PeerOf(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  std::string port;
  const std::string host = HostOfSocket(address, size, port);
  if (host.empty()) return {};
  const bool is_v6 = address.ss_family == AF_INET6;
  Peer peer{.address = absl::StrCat(is_v6 ? "[" : "", host, is_v6 ? "]:" : ":", port),
            .network = NetworkOf(host)};
  peer.is_loopback = HostPort{.host = peer.network}.IsLoopback() || host == "::1";
  return peer;
}

std::string NetworkOf(std::string_view host) {
  // A link's own addresses have its name behind them.
  const std::string text(host.substr(0, host.find('%')));
  in6_addr address{};
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::string(host);
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    inet_ntop(AF_INET, address.s6_addr + kMappedBytes, written.data(), written.size());
    return written.data();
  }
  std::fill(std::begin(address.s6_addr) + kNetworkBytes, std::end(address.s6_addr), 0);
  inet_ntop(AF_INET6, &address, written.data(), written.size());
  return absl::StrCat(written.data(), "/64");
}

}  // namespace fp4
