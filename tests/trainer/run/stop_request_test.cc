#include "trainer/run/stop_request.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace fp4::trainer {
namespace {

// Longer than signals count as one request.
void LetTimePass() {
  timespec time{.tv_sec = 0, .tv_nsec = (StopRequest::kSameRequestMilliseconds + 20) * 1'000'000L};
  nanosleep(&time, nullptr);
}

TEST(StopRequestTest, EachStopSignalIsARequest) {
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) {
    StopRequest stop;
    EXPECT_FALSE(stop.requested());
    raise(signal);
    EXPECT_TRUE(stop.requested()) << signal;
    EXPECT_TRUE(stop.requested()) << signal;  // and goes on saying so
  }
}

TEST(StopRequestTest, SignalsAtOnceAreOneRequest) {
  StopRequest stop;
  raise(SIGTERM);
  raise(SIGTERM);
  raise(SIGHUP);
  EXPECT_TRUE(stop.requested());
}

TEST(StopRequestDeathTest, AnotherSignalLaterEndsTheProcessAtOnce) {
  struct Row {
    int first, second;
  };
  for (const Row& row : {Row{SIGTERM, SIGTERM}, Row{SIGTERM, SIGINT}, Row{SIGHUP, SIGTERM}}) {
    EXPECT_EXIT(
        {
          StopRequest stop;
          raise(row.first);
          LetTimePass();
          raise(row.second);
          _exit(0);
        },
        testing::KilledBySignal(row.second), "");
  }
}

TEST(StopRequestTest, AnotherSignalOfAWorkerChangesNothing) {
  StopRequest stop(StopRequest::Second::kChangesNothing);
  raise(SIGTERM);
  LetTimePass();
  raise(SIGTERM);
  EXPECT_TRUE(stop.requested());
}

TEST(StopRequestDeathTest, SignalFromBeforeIsNotLost) {
  EXPECT_EXIT(
      {
        BlockStopSignals();
        raise(SIGTERM);
        StopRequest stop;
        _exit(stop.requested() ? 7 : 8);
      },
      testing::ExitedWithCode(7), "");
}

TEST(StopRequestDeathTest, HangUpStaysIgnoredUnderNohup) {
  EXPECT_EXIT(
      {
        signal(SIGHUP, SIG_IGN);
        StopRequest stop;
        raise(SIGHUP);
        _exit(stop.requested() ? 8 : 7);
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace fp4::trainer
