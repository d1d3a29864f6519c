#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "client/local/endpoints.h"
#include "client/local/process.h"
#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

using UpTest = CommandFixture;

TEST_F(UpTest, AMissingProgramIsAFailureOfThisMachine) {
  const auto binaries = folder_.path() / "bin";
  std::filesystem::create_directory(binaries);
  std::filesystem::copy_file(ProgramUnderTest("FP4CTL"), binaries / "fp4ctl");
  for (const char* present : {"", "fp4-controller"}) {
    if (*present != 0) {
      std::filesystem::create_symlink(ProgramUnderTest("FP4_FAKE_DAEMON"), binaries / present);
    }
    Command up({binaries / "fp4ctl", "up"}, {"FP4_STATE_DIR=" + folder_.path().string() + "/s"});
    EXPECT_EQ(up.Wait(), 1) << up.err();
    EXPECT_NE(up.err().find("No such file"), std::string::npos) << up.err();
    EXPECT_EQ(up.err().find("fp4ctl ls"), std::string::npos) << up.err();
  }
}

// A controller whose machine is so busy that it answers late.
TEST_F(UpTest, ASlowControllerIsWaitedFor) {
  const auto data = folder_.path() / "data";
  std::filesystem::create_directory(data);
  Command controller(
      {ProgramUnderTest("FP4_FAKE_DAEMON"), "--data-dir", data, "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(WaitUntil([&] { return ReadEndpoints(data).has_value(); }, absl::Seconds(60)));
  const std::string address = ReadEndpoints(data)->grpc;
  controller.Signal(SIGSTOP);
  Command ls = RunWith({"FP4_CONTROLLER=" + address}, {"ls"});
  poll(nullptr, 0, 2500);  // longer than one attempt to connect once lasted
  controller.Signal(SIGCONT);
  EXPECT_EQ(ls.Wait(), 0) << ls.err();
}

}  // namespace
}  // namespace fp4::client
