#include "server/rpc/open_connections.h"

#include <sys/stat.h>

#include <algorithm>

namespace fp4::rpc {
namespace {

// A network that is at its limit is looked at so often: whoever is turned away comes again at once.
constexpr absl::Duration kPause = absl::Milliseconds(200);
// So many may be noted before all are looked at for the first time.
constexpr size_t kFirstDrop = 1024;

}  // namespace

OpenConnections::OpenConnections(size_t max_of_one)
    : max_of_one_(max_of_one), drop_at_(kFirstDrop) {}

bool OpenConnections::Add(int fd, const std::string& network, absl::Duration now) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return false;
  if (num_noted_ >= drop_at_) DropAllOver(now);
  Network& of_one = networks_[network];
  if (of_one.sockets.size() >= max_of_one_ && now - of_one.looked_at >= kPause) {
    DropOver(of_one, now);
  }
  if (of_one.sockets.size() >= max_of_one_) return false;
  of_one.sockets.push_back({.fd = fd, .inode = info.st_ino});
  ++num_noted_;
  return true;
}

bool OpenConnections::IsOver(const Socket& socket) {
  struct stat info {};
  return fstat(socket.fd, &info) != 0 || info.st_ino != socket.inode || !S_ISSOCK(info.st_mode);
}

void OpenConnections::DropOver(Network& network, absl::Duration now) {
  network.looked_at = now;
  num_noted_ -= std::erase_if(network.sockets, IsOver);
}

void OpenConnections::DropAllOver(absl::Duration now) {
  for (auto& [name, network] : networks_) DropOver(network, now);
  std::erase_if(networks_, [](const auto& entry) { return entry.second.sockets.empty(); });
  drop_at_ = std::max(kFirstDrop, 2 * num_noted_);
}

}  // namespace fp4::rpc
