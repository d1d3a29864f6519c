#include "server/rpc/open_connections.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/file.h"

namespace fp4::rpc {
namespace {

UniqueFd Socket() { return UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

// Longer than it waits to look again.
constexpr absl::Duration kLater = absl::Seconds(1);

TEST(OpenConnections, ANetworkHoldsAsManyAsItMayAndOthersAreNotConcerned) {
  OpenConnections connections(2);
  const UniqueFd sockets[] = {Socket(), Socket(), Socket(), Socket()};
  EXPECT_TRUE(connections.Add(sockets[0].get(), "10.0.0.7", {}));
  EXPECT_TRUE(connections.Add(sockets[1].get(), "10.0.0.7", {}));
  EXPECT_FALSE(connections.Add(sockets[2].get(), "10.0.0.7", kLater));
  EXPECT_TRUE(connections.Add(sockets[3].get(), "10.0.0.8", kLater));
}

TEST(OpenConnections, WhatIsClosedMakesRoomAlsoWhenItsNumberIsAnotherSocketByThen) {
  OpenConnections connections(1);
  UniqueFd first = Socket();
  const int number = first.get();
  ASSERT_TRUE(connections.Add(number, "10.0.0.7", {}));
  first = UniqueFd();
  const UniqueFd second = Socket();
  ASSERT_EQ(second.get(), number);  // the lowest that is free
  EXPECT_TRUE(connections.Add(second.get(), "10.0.0.7", kLater));
}

TEST(OpenConnections, ANetworkAtItsLimitIsNotLookedAtForEachThatComes) {
  OpenConnections connections(1);
  UniqueFd first = Socket();
  const UniqueFd second = Socket();
  ASSERT_TRUE(connections.Add(first.get(), "10.0.0.7", {}));
  EXPECT_FALSE(connections.Add(second.get(), "10.0.0.7", kLater));
  first = UniqueFd();
  EXPECT_FALSE(connections.Add(second.get(), "10.0.0.7", kLater + absl::Milliseconds(1)));
  EXPECT_TRUE(connections.Add(second.get(), "10.0.0.7", 2 * kLater));
}

TEST(OpenConnections, NetworksThatHaveGoneAreForgotten) {
  OpenConnections connections(1);
  const UniqueFd stays = Socket();
  ASSERT_TRUE(connections.Add(stays.get(), "stays", {}));
  for (int i = 0; i < 5000; ++i) {
    const UniqueFd goes = Socket();
    ASSERT_TRUE(connections.Add(goes.get(), std::to_string(i), {}));
  }
  EXPECT_LT(connections.num_networks(), 2000u);
  EXPECT_FALSE(connections.Add(stays.get(), "stays", kLater));
}

}  // namespace
}  // namespace fp4::rpc
