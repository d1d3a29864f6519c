#include "base/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4 {
namespace {

// As long as the system allows (net.core.somaxconn).
constexpr int kBacklog = 4096;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::StatusOr<AddressList> Resolve(const HostPort& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (error != 0) return absl::UnavailableError(gai_strerror(error));
  return AddressList(found, &freeaddrinfo);
}

void SetPort(sockaddr* address, int port) {
  if (address->sa_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(static_cast<uint16_t>(port));
  } else if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(static_cast<uint16_t>(port));
  }
}

int PortOf(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                           : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
}

// 0, or why not (errno).
int ListenOnOne(const addrinfo& address, UniqueFd& fd) {
  fd = UniqueFd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  const int yes = 1;
  // Not SO_REUSEPORT: with it a second daemon would share the port in silence.
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address.ai_family == AF_INET6) {
    const bool every =
        IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(address.ai_addr)->sin6_addr);
    const int only_v6 = every ? 0 : 1;
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
  }
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) return errno;
  return listen(fd.get(), kBacklog) == 0 ? 0 : errno;
}

// What accept(2) says of a socket that is none, or does not listen: it will not get better.
bool IsMisuse(int error) {
  return error == EBADF || error == EINVAL || error == ENOTSOCK || error == EOPNOTSUPP;
}

bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int Clamped(rlim_t limit) {
  return static_cast<int>(std::min<rlim_t>(limit, std::numeric_limits<int>::max()));
}

}  // namespace

absl::StatusOr<std::vector<UniqueFd>> ListenOn(HostPort& address) {
  FP4_ASSIGN_OR_RETURN(const AddressList addresses, Resolve(address));
  std::vector<UniqueFd> sockets;
  int problem = 0;
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    SetPort(each->ai_addr, address.port);
    UniqueFd socket;
    const int error = ListenOnOne(*each, socket);
    if (error == EADDRINUSE) return absl::UnavailableError(strerror(error));
    if (error != 0) {
      problem = error;  // a name may have an address of a kind that this machine lacks
      continue;
    }
    address.port = PortOf(socket.get());
    sockets.push_back(std::move(socket));
  }
  if (sockets.empty()) return absl::UnavailableError(strerror(problem));
  return sockets;
}

absl::StatusOr<UniqueFd> AcceptOn(const UniqueFd& socket) {
  while (true) {
    UniqueFd fd(accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      const int yes = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      return fd;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return UniqueFd();
    if (IsExhaustion(errno)) return absl::ResourceExhaustedError(strerror(errno));
    if (IsMisuse(errno)) return ErrnoStatus(errno, "accept");
    // Others tell of a connection that has gone before it was taken (accept(2)): the next one.
  }
}

int RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return DescriptorLimit();
}

int DescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return Clamped(limit.rlim_cur);
}

}  // namespace fp4
