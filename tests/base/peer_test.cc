#include "base/peer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/listen.h"

namespace fp4 {
namespace {

struct NetworkCase {
  const char *host, *network;
};

TEST(NetworkOf, AnIpv4AddressCountsForItselfAndAnIpv6AddressWithItsNetwork) {
  constexpr NetworkCase kCases[] = {{"10.0.0.7", "10.0.0.7"},
                                    {"::ffff:10.0.0.7", "10.0.0.7"},
                                    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
                                    {"2001:db8:1:2::7", "2001:db8:1:2::/64"},
                                    {"2001:db8:1:3::7", "2001:db8:1:3::/64"},
                                    {"fe80::1%eth0", "fe80::/64"},
                                    {"", ""},
                                    {"no address", "no address"}};
  for (const NetworkCase& one : kCases) EXPECT_EQ(NetworkOf(one.host), one.network) << one.host;
}

TEST(PeerOf, IsTheOtherEndOfAConnection) {
  HostPort address{"127.0.0.1", 0};
  const auto sockets = ListenOn(address);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  const UniqueFd here(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 7);  // 127.0.0.8
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(address.port));
  ASSERT_EQ(bind(here.get(), reinterpret_cast<sockaddr*>(&from), sizeof from), 0);
  ASSERT_EQ(connect(here.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  const auto accepted = AcceptOn(sockets->front());
  ASSERT_TRUE(accepted.ok() && accepted->valid());
  const Peer peer = PeerOf(accepted->get());
  EXPECT_TRUE(peer.address.starts_with("127.0.0.8:")) << peer.address;
  EXPECT_EQ(peer.network, "127.0.0.8");
  EXPECT_TRUE(peer.is_loopback);
}

TEST(PeerOf, SaysNothingOfWhatIsNotConnected) {
  const UniqueFd alone(socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(PeerOf(alone.get()).address, "");
  EXPECT_FALSE(PeerOf(alone.get()).is_loopback);
}

}  // namespace
}  // namespace fp4
