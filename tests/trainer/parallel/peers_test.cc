// The processes beside the first: how their ends are told apart. Shells stand in for them.
#include "trainer/parallel/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"

namespace fp4::trainer {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PeersTest : public testing::Test {
 protected:
  PeersTest() {
    std::string pattern = testing::TempDir() + "peers-XXXXXX";
    run_dir_ = mkdtemp(pattern.data());
    EXPECT_TRUE(GroupFolder(run_dir_).Make({.leader = getpid()}).ok());
  }
  ~PeersTest() override { fs::remove_all(run_dir_); }

  GroupFolder folder() const { return GroupFolder(run_dir_); }
  // Shells, with the group's folder as $0.
  std::unique_ptr<Peers> Start(const std::vector<std::string>& scripts) const {
    std::vector<Peers::Command> commands;
    for (const std::string& script : scripts)
      commands.push_back({"/bin/sh", "-c", script, run_dir_ / "processes"});
    return *Peers::Start(commands, folder());
  }

  fs::path run_dir_;
};

constexpr char kWaits[] = "exec sleep 1000";

TEST_F(PeersTest, AreReadyWhenEachHasSaidSo) {
  const auto peers = Start(
      {absl::StrCat("touch $0/ready-1; ", kWaits), absl::StrCat("touch $0/ready-2; ", kWaits)});
  EXPECT_TRUE(peers->WaitUntilReady(NeverStop).ok());
}

TEST_F(PeersTest, OneThatEndsBeforeItIsReadyEndsTheWait) {
  const auto peers = Start({kWaits, "exit 7"});
  const absl::Status status = peers->WaitUntilReady(NeverStop);
  EXPECT_TRUE(absl::IsUnknown(status)) << status;
  EXPECT_EQ(status.message(), "process 3 of 3 ended with exit status 7 and no last words");
}

TEST_F(PeersTest, AStopEndsTheWait) {
  const auto peers = Start({kWaits});
  EXPECT_TRUE(absl::IsCancelled(peers->WaitUntilReady([] { return true; })));
}

TEST_F(PeersTest, LastWordsKeepTheirCodeAndReason) {
  folder().SayLastWords(1,
                        ErrorWithReason(absl::StatusCode::kResourceExhausted, reason::kOutOfMemory,
                                        "step 3, layer lm_head: no memory"),
                        /*only_lost=*/false);
  const auto peers = Start({"exit 1"});
  const absl::Status status = peers->WhyLost("broken", absl::Minutes(5));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(ReasonOf(status), std::string(reason::kOutOfMemory));
  EXPECT_EQ(status.message(), "process 2 of 2: step 3, layer lm_head: no memory");
}

// The one that only saw the connection break may be noted first.
TEST_F(PeersTest, ThatWhichEndedForItsOwnReasonExplainsALostConnection) {
  folder().SayLastWords(1, absl::InternalError("connection reset"), /*only_lost=*/true);
  const auto peers = Start({"exit 1", "while [ ! -e $0/go ]; do sleep 0.01; done; kill -9 $$"});
  std::ofstream go(run_dir_ / "processes" / "go");
  const absl::Status status = peers->WhyLost("broken", absl::Minutes(5));
  EXPECT_TRUE(absl::IsUnknown(status)) << status;
  EXPECT_EQ(status.message(), "process 3 of 3 was ended by signal 9 (SIGKILL); out of memory?");
}

TEST_F(PeersTest, ABrokenConnectionThatNobodyExplainsIsTold) {
  const auto peers = Start({kWaits});
  const absl::Status status = peers->WhyLost("timed out", absl::ZeroDuration());
  EXPECT_EQ(status.message(), "the connection between its processes broke: timed out");
}

TEST_F(PeersTest, AreEndedWithTheFirst) {
  auto peers = Start({absl::StrCat("echo $$ > $0/pid; touch $0/ready-1; ", kWaits)});
  ASSERT_TRUE(peers->WaitUntilReady(NeverStop).ok());
  pid_t pid = 0;
  std::ifstream(run_dir_ / "processes" / "pid") >> pid;
  ASSERT_EQ(kill(pid, 0), 0);
  peers.reset();
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(PeersTest, AProgramThatIsNotThereIsAFaultOfTheMachine) {
  const auto peers = Peers::Start({{"/no/such/program"}}, folder());
  ASSERT_FALSE(peers.ok());
  EXPECT_EQ(ReasonOf(peers.status()), std::string(reason::kMachineFault));
  EXPECT_THAT(peers.status().message(), HasSubstr("/no/such/program"));
}

TEST_F(PeersTest, ANewAttemptFindsNothingOfTheOneBefore) {
  ASSERT_TRUE(folder().SayReady(1).ok());
  ASSERT_TRUE(folder().Make({.leader = 1, .compute_dtype = "bf16", .cpu_threads = 3}).ok());
  EXPECT_FALSE(folder().IsReady(1));
  EXPECT_EQ(folder().ReadChoices()->compute_dtype, "bf16");
  EXPECT_EQ(folder().ReadChoices()->cpu_threads, 3);
}

}  // namespace
}  // namespace fp4::trainer
