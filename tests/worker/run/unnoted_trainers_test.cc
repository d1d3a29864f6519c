#include "worker/run/unnoted_trainers.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/worker/temporary_folder.h"
#include "worker/host/posix_processes.h"
#include "worker/run/run_directory.h"

namespace fp4::worker {
namespace {

class UnnotedTrainersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(directory_.Create("{}").ok());
    trainer_ = Start();
  }
  void TearDown() override { processes_.Signal(trainer_, SIGKILL); }

  // A process that holds the run's directory as a trainer does.
  ProcessIdentity Start() {
    const UniqueFd lock = directory_.LockForTrainer().value();
    SpawnRequest request;
    request.arguments = {"/bin/sh", "-c", "sleep 1000 & exec sleep 1000"};
    request.stdout_file = directory_.stdout_log(1);
    request.stderr_file = directory_.stderr_log(1);
    request.inherited_fd = lock.get();
    return processes_.Spawn(request).value();
  }

  TemporaryFolder folder_;
  PosixProcesses processes_;
  RunDirectory directory_ = RunDirectoryOf(folder_.path(), "abc");
  ProcessIdentity trainer_;
};

TEST_F(UnnotedTrainersTest, OneThatNobodyNotedIsEndedWithItsChildren) {
  EndUnnotedTrainers(folder_.path());

  EXPECT_EQ(processes_.Poll(trainer_)->signal, SIGKILL);
  EXPECT_TRUE(directory_.LockForTrainer().ok());
}

TEST_F(UnnotedTrainersTest, OneThatIsNotedStays) {
  ASSERT_TRUE(directory_.WriteTrainer({.process = trainer_, .attempt = 1, .slots = {0}}).ok());

  EndUnnotedTrainers(folder_.path());

  EXPECT_FALSE(processes_.Poll(trainer_).has_value());
  EXPECT_TRUE(absl::IsFailedPrecondition(directory_.LockForTrainer().status()));
}

TEST_F(UnnotedTrainersTest, ANoteOfAnEarlierAttemptDoesNotCount) {
  ProcessIdentity earlier = trainer_;
  earlier.start_time -= 1;
  ASSERT_TRUE(directory_.WriteTrainer({.process = earlier, .attempt = 1, .slots = {0}}).ok());

  EndUnnotedTrainers(folder_.path());

  EXPECT_EQ(processes_.Poll(trainer_)->signal, SIGKILL);
}

}  // namespace
}  // namespace fp4::worker
