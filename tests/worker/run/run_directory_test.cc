#include "worker/run/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/worker/temporary_folder.h"

namespace fp4::worker {
namespace {

using testing::EndsWith;

class RunDirectoryTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(directory_.Create("{}").ok()); }
  void WriteStderr(std::string_view text) {
    ASSERT_TRUE(ReplaceFile(directory_.stderr_log(1), text).ok());
  }

  TemporaryFolder folder_;
  RunDirectory directory_ = RunDirectoryOf(folder_.path(), "abc");
};

TEST_F(RunDirectoryTest, TrainerRecordReadsBackAsWritten) {
  EXPECT_TRUE(absl::IsNotFound(directory_.ReadTrainer().status()));
  const TrainerRecord written = {.process = {.pid = 12, .start_time = 345, .boot_id = "b"},
                                 .attempt = 3,
                                 .slots = {0, 2},
                                 .runtime_deadline = absl::Seconds(77)};
  ASSERT_TRUE(directory_.WriteTrainer(written).ok());
  const TrainerRecord read = directory_.ReadTrainer().value();
  EXPECT_EQ(read.process, written.process);
  EXPECT_EQ(read.attempt, 3);
  EXPECT_EQ(read.slots, written.slots);
  EXPECT_EQ(read.runtime_deadline, absl::Seconds(77));
}

TEST_F(RunDirectoryTest, ExitRecordReadsBackAsWritten) {
  ExitRecord written = {.attempt = 2,
                        .report = {.cause = ExitCause::kSignaled,
                                   .signal = 11,
                                   .message = "m",
                                   .stderr_tail = "a\nb"},
                        .settled = {}};
  ASSERT_TRUE(directory_.WriteExit(written).ok());
  EXPECT_FALSE(directory_.ReadExit()->settled.has_value());
  written.settled = absl::FromUnixSeconds(1'700'000'000);
  ASSERT_TRUE(directory_.WriteExit(written).ok());
  const ExitRecord read = directory_.ReadExit().value();
  EXPECT_EQ(read.report.cause, ExitCause::kSignaled);
  EXPECT_EQ(read.report.signal, 11);
  EXPECT_EQ(read.report.stderr_tail, "a\nb");
  EXPECT_EQ(read.settled, written.settled);
  ASSERT_TRUE(directory_.RemoveExit().ok());
  EXPECT_TRUE(absl::IsNotFound(directory_.ReadExit().status()));
}

TEST_F(RunDirectoryTest, IsUnusedSinceItsEndWasSettled) {
  EXPECT_LE(directory_.UnusedSince(), absl::Now());  // nothing was started
  ASSERT_TRUE(directory_.WriteExit({.attempt = 1, .report = {}, .settled = {}}).ok());
  EXPECT_EQ(directory_.UnusedSince(), absl::InfiniteFuture());
  const absl::Time settled = absl::FromUnixSeconds(1'700'000'000);
  ASSERT_TRUE(directory_.WriteExit({.attempt = 1, .report = {}, .settled = settled}).ok());
  EXPECT_EQ(directory_.UnusedSince(), settled);
}

TEST_F(RunDirectoryTest, DamagedRecordIsDataLossWithThePlace) {
  ASSERT_TRUE(ReplaceFile(directory_.path() / "trainer.json", "{\"pid\": \"x\"}").ok());
  const absl::Status status = directory_.ReadTrainer().status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("trainer.json"));
}

TEST_F(RunDirectoryTest, LeaseOfAnotherBootIsOver) {
  EXPECT_EQ(directory_.ReadLease(), absl::ZeroDuration());
  ASSERT_TRUE(directory_.WriteLease(absl::Seconds(99)).ok());
  EXPECT_EQ(directory_.ReadLease(), absl::Seconds(99));
  ASSERT_TRUE(ReplaceFile(directory_.lease(), R"({"boot_id":"other","deadline_ns":99})").ok());
  EXPECT_EQ(directory_.ReadLease(), absl::ZeroDuration());
}

TEST_F(RunDirectoryTest, LockIsOneAtATime) {
  absl::StatusOr<UniqueFd> lock = directory_.LockForTrainer();
  ASSERT_TRUE(lock.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(directory_.LockForTrainer().status()));
  *lock = UniqueFd();
  EXPECT_TRUE(directory_.LockForTrainer().ok());
}

TEST_F(RunDirectoryTest, StderrTailIsBoundedAndUtf8) {
  EXPECT_EQ(directory_.StderrTail(1), "");
  WriteStderr("short\n");
  EXPECT_EQ(directory_.StderrTail(1), "short\n");
  std::string long_text;  // three bytes each: the cut falls within one
  for (int i = 0; i < 5000; ++i) long_text += "€";
  WriteStderr(long_text + "!");
  const std::string tail = directory_.StderrTail(1);
  EXPECT_LE(tail.size(), kMaxStderrTail);
  EXPECT_GT(tail.size(), kMaxStderrTail - 4);
  EXPECT_EQ(tail.substr(0, 3), "€");
  EXPECT_THAT(tail, EndsWith("€!"));
  WriteStderr(
      "a\xff"
      "b");
  EXPECT_EQ(directory_.StderrTail(1), "a\uFFFDb");
}

TEST_F(RunDirectoryTest, OnlyRunIdsAreListed) {
  std::filesystem::create_directories(folder_.path() / "runs" / "Not A Run");
  std::filesystem::create_directories(folder_.path() / "runs" / "xyz");
  std::vector<std::string> ids;
  for (const RunDirectory& each : ListRunDirectories(folder_.path())) ids.push_back(each.run_id());
  EXPECT_THAT(ids, testing::ElementsAre("abc", "xyz"));
  EXPECT_FALSE(IsRunId("../abc"));
  EXPECT_FALSE(IsRunId(""));
}

}  // namespace
}  // namespace fp4::worker
