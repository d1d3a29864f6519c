#include "worker/host/posix_processes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "tests/worker/temporary_folder.h"

namespace fp4::worker {
namespace {

class PosixProcessesTest : public testing::Test {
 protected:
  ProcessIdentity Shell(const std::string& script, int inherited_fd = -1) {
    SpawnRequest request;
    request.arguments = {"/bin/sh", "-c", script};
    request.environment = {{"FROM_THE_TEST", "yes"}};
    request.working_folder = folder_.path();
    request.stdout_file = folder_.path() / "out";
    request.stderr_file = folder_.path() / "err";
    request.inherited_fd = inherited_fd;
    return processes_.Spawn(request).value();
  }
  ProcessEnd WaitForEnd(const ProcessIdentity& process) {
    while (true) {
      if (std::optional<ProcessEnd> end = processes_.Poll(process)) return *end;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::string Output() { return ReadFile(folder_.path() / "out").value(); }

  TemporaryFolder folder_;
  PosixProcesses processes_;
};

TEST_F(PosixProcessesTest, TellsStatusAndSignal) {
  EXPECT_EQ(WaitForEnd(Shell("exit 7")).exit_code, 7);
  EXPECT_EQ(WaitForEnd(Shell("kill -SEGV $$")).signal, SIGSEGV);
}

TEST_F(PosixProcessesTest, ChildHasItsOwnSessionFolderAndEnvironment) {
  const ProcessIdentity child = Shell("ps -o sid= -p $$; pwd; echo $FROM_THE_TEST");
  EXPECT_EQ(WaitForEnd(child).exit_code, 0);
  EXPECT_THAT(Output(), testing::ContainsRegex(std::to_string(child.pid)));
  EXPECT_THAT(Output(), testing::HasSubstr(folder_.path().string() + "\nyes\n"));
}

TEST_F(PosixProcessesTest, ChildGetsNoDescriptorsButTheInheritedOne) {
  UniqueFd leaked(open("/dev/null", O_RDONLY));  // without close-on-exec
  UniqueFd given(open("/dev/null", O_RDONLY | O_CLOEXEC));
  WaitForEnd(Shell("ls /proc/$$/fd; true", given.get()));
  EXPECT_EQ(Output(), "0\n1\n2\n3\n");
}

TEST_F(PosixProcessesTest, WorkersBlockedSignalsAreNotInherited) {
  sigset_t terminate, old;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &terminate, &old);
  const ProcessIdentity child = Shell("exec sleep 60");
  processes_.Signal(child, SIGTERM);
  EXPECT_EQ(WaitForEnd(child).signal, SIGTERM);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

TEST_F(PosixProcessesTest, WholeGroupEndsWithItsLeader) {
  const ProcessIdentity child = Shell("sleep 60 & echo $!; exit 0");
  WaitForEnd(child);
  const pid_t left_behind = std::stoi(Output());
  while (StartTimeOfRunning(left_behind).has_value()) std::this_thread::yield();
}

TEST_F(PosixProcessesTest, AnotherWorkersTrainerIsFollowedByItsStartTime) {
  const ProcessIdentity child = Shell("exec sleep 60");
  PosixProcesses stranger;
  EXPECT_FALSE(stranger.Poll(child).has_value());
  ProcessIdentity reused = child, other_boot = child;
  reused.start_time += 1;
  other_boot.boot_id = "another";
  EXPECT_TRUE(stranger.Poll(reused).has_value());
  EXPECT_TRUE(stranger.Poll(other_boot).has_value());
  stranger.Signal(reused, SIGKILL);  // must not hit the process that has the pid now
  EXPECT_FALSE(stranger.Poll(child).has_value());
  stranger.Signal(child, SIGKILL);
  std::optional<ProcessEnd> end;
  while (!(end = stranger.Poll(child)).has_value()) std::this_thread::yield();
  EXPECT_FALSE(end->exit_code.has_value() || end->signal.has_value());
  EXPECT_EQ(WaitForEnd(child).signal, SIGKILL);
}

TEST_F(PosixProcessesTest, MissingProgramIsAnErrorWithItsName) {
  SpawnRequest request;
  request.arguments = {"/nowhere/fp4-train"};
  request.stdout_file = request.stderr_file = folder_.path() / "out";
  EXPECT_THAT(processes_.Spawn(request).status().ToString(),
              testing::HasSubstr("/nowhere/fp4-train"));
}

}  // namespace
}  // namespace fp4::worker
