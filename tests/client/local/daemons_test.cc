#include "client/local/daemons.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "client/local/process.h"
#include "tests/client/support/command.h"

namespace fp4::client {
namespace {

class LocalDaemonsTest : public ::testing::Test {
 protected:
  LocalDaemonsTest() {
    binaries_ = folder_.path() / "bin";
    std::filesystem::create_directory(binaries_);
    for (const char* name : {"fp4-controller", "fp4-worker"}) {
      std::filesystem::create_symlink(ProgramUnderTest("FP4_FAKE_DAEMON"), binaries_ / name);
    }
  }
  ~LocalDaemonsTest() override { EXPECT_TRUE(Daemons().Down(absl::Seconds(30)).ok()); }

  LocalDaemons Daemons() const { return LocalDaemons(folder_.path() / "state", binaries_); }

  TemporaryFolder folder_;
  std::filesystem::path binaries_;
};

TEST_F(LocalDaemonsTest, UpStartsBothOnceAndDownEndsThem) {
  LocalDaemons daemons = Daemons();
  auto first = daemons.Up({});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->at(0).changed);
  EXPECT_TRUE(first->at(1).changed);
  auto second = daemons.Up({});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(second->at(0).changed);
  EXPECT_EQ(second->at(0).pid, first->at(0).pid);
  auto down = daemons.Down(absl::Seconds(30));
  ASSERT_TRUE(down.ok()) << down.status();
  EXPECT_TRUE(down->at(0).changed);
  EXPECT_FALSE(daemons.Controller().has_value());
  EXPECT_FALSE(daemons.Down(absl::Seconds(30))->at(0).changed);
}

// A port that no other program is handed by chance while the controller is away: the kernel gives
// away those from 32768 on.
int PortOfThisTest() { return 20000 + getpid() % 12000; }

TEST_F(LocalDaemonsTest, AControllerComesBackWhereItWas) {
  LocalDaemons daemons = Daemons();
  ASSERT_TRUE(daemons.Up({.port = PortOfThisTest()}).ok());
  const Endpoints controller = *daemons.Controller();
  const pid_t worker = daemons.Worker()->pid;
  kill(controller.pid, SIGKILL);
  ASSERT_TRUE(WaitUntil(
      [&] {
        (void)ChildEnd(controller.pid);
        return !daemons.Controller().has_value();
      },
      absl::Seconds(30)));
  auto again = daemons.Up({});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_NE(daemons.Controller()->pid, controller.pid);
  EXPECT_EQ(daemons.Controller()->grpc, controller.grpc);
  EXPECT_EQ(daemons.Worker()->pid, worker);
}

TEST_F(LocalDaemonsTest, ADaemonThatEndsAtOnceIsReportedWithItsLog) {
  auto result = Daemons().Up({.http_port = 1});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("exited with status 1"), std::string::npos)
      << result.status();
  EXPECT_NE(result.status().message().find("cannot listen on 127.0.0.1:1"), std::string::npos);
}

TEST_F(LocalDaemonsTest, AFailedUpLeavesNothingBehind) {
  auto result = Daemons().Up({.worker_http_port = 1});
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(Daemons().Controller().has_value());
}

TEST_F(LocalDaemonsTest, AnotherProgramWithTheOldNumberIsNotTheDaemon) {
  const auto folder = folder_.path() / "state" / kControllerFolder;
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(WriteFileDurably(folder / "endpoints.json",
                               R"({"pid": 1, "grpc": "127.0.0.1:4404", "http": ""})")
                  .ok());
  EXPECT_TRUE(ReadEndpoints(folder).has_value());
  EXPECT_FALSE(FindDaemon(folder).has_value());
}

}  // namespace
}  // namespace fp4::client
