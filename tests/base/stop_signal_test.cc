#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace fp4 {
namespace {

TEST(StopSignalTest, ASignalWakesTheWaiterOnceAndNoSignalIsZero) {
  StopSignal stop;
  EXPECT_EQ(stop.Wait(absl::ZeroDuration()), 0);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(stop.Wait(absl::Seconds(10)), SIGTERM);
  EXPECT_EQ(stop.Wait(absl::ZeroDuration()), 0);
}

}  // namespace
}  // namespace fp4
