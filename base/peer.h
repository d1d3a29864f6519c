// Who is at the other end of a connection, and whom he counts with where something is limited.
#pragma once

#include <string>
#include <string_view>

namespace fp4 {

struct Peer {
  std::string address;  // with its port: "10.0.0.7:5000", "[2001:db8::1]:5000"
  std::string network;  // as of NetworkOf
  bool is_loopback = false;
};

// Of a connected socket. Empty texts: it is not connected any more.
Peer PeerOf(int socket);

// What one machine or household can call from, so that it counts as one: an IPv4 address itself,
// written as IPv6 too; the /64 of an IPv6 address, of which everybody has 2^64 addresses ("2001:db8
// ::1" is of "2001:db8::/64"). What is no address is returned as it is.
std::string NetworkOf(std::string_view host);

}  // namespace fp4
