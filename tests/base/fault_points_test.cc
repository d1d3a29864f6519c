#include "base/fault_points.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"

namespace fp4 {
namespace {

namespace fs = std::filesystem;

std::vector<int64_t> FiringPassings(const PlannedFault& fault, int64_t up_to) {
  std::vector<int64_t> passings;
  for (int64_t i = 1; i <= up_to; ++i) {
    if (fault.FiresAt(i)) passings.push_back(i);
  }
  return passings;
}

TEST(FaultPointsTest, AnEntryFiresOnceOrAgainAndAgain) {
  const auto faults = ParseFaults("store.before-commit:3,worker.answer-lost:2/4");
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 2u);
  EXPECT_EQ((*faults)[0].point, FaultPoint::kStoreBeforeCommit);
  EXPECT_EQ(FiringPassings((*faults)[0], 20), (std::vector<int64_t>{3}));
  EXPECT_EQ((*faults)[1].point, FaultPoint::kWorkerAnswerLost);
  EXPECT_EQ(FiringPassings((*faults)[1], 12), (std::vector<int64_t>{2, 6, 10}));
}

TEST(FaultPointsTest, ATextThatIsNoPlanIsRefusedWithTheEntry) {
  for (const char* entry :
       {"store.before-commit", "store.nowhere:1", "store.before-commit:0", "store.before-commit:x",
        "store.before-commit:1/0", "store.before-commit:1/", ""}) {
    const auto faults = ParseFaults(entry);
    EXPECT_TRUE(absl::IsInvalidArgument(faults.status())) << entry;
    EXPECT_NE(faults.status().ToString().find(std::string("'") + entry + "'"), std::string::npos)
        << faults.status();
  }
}

TEST(FaultPointsTest, EachPointHasAnEffectAndANameOfItsOwn) {
  for (const FaultPointInfo& info : kFaultPoints) {
    EXPECT_FALSE(info.effect.empty()) << info.name;
    const auto faults = ParseFaults(std::string(info.name) + ":1");
    ASSERT_TRUE(faults.ok()) << info.name;
    EXPECT_EQ(faults->front().point, info.point);
  }
}

// What the environment says is read once in a process: each case in a child of its own.
class FaultInjectionDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    folder_ = fs::path(testing::TempDir()) / "fault-points";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  fs::path folder_;
};

void PassTwiceAndLeave() {
  DieAt(FaultPoint::kStoreMigration);
  DieAt(FaultPoint::kStoreMigration);
  _exit(0);
}

TEST_F(FaultInjectionDeathTest, AProcessDiesAtThePassingThatIsAskedFor) {
  EXPECT_EXIT(
      {
        setenv("FP4_FAULTS", "store.migration:2", 1);
        PassTwiceAndLeave();
      },
      testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(
      {
        setenv("FP4_FAULTS", "store.migration:3", 1);
        PassTwiceAndLeave();
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(PassTwiceAndLeave(), testing::ExitedWithCode(0), "");
}

TEST_F(FaultInjectionDeathTest, AFaultHappensOnceForAllProcessesOfAFolder) {
  // Forked here, not started anew: SetUp would clear the folder in each child.
  testing::GTEST_FLAG(death_test_style) = "fast";
  const auto pass = [this] {
    setenv("FP4_FAULTS", "store.migration:1", 1);
    setenv("FP4_FAULTS_FIRED", folder_.c_str(), 1);
    PassTwiceAndLeave();
  };
  EXPECT_EXIT(pass(), testing::KilledBySignal(SIGKILL), "");
  EXPECT_TRUE(fs::exists(folder_ / "store.migration"));
  EXPECT_EXIT(pass(), testing::ExitedWithCode(0), "");
}

TEST_F(FaultInjectionDeathTest, AWrongTextEndsTheProgram) {
  EXPECT_EXIT(
      {
        setenv("FP4_FAULTS", "store.migration", 1);
        PassTwiceAndLeave();
      },
      testing::ExitedWithCode(2), "store.migration");
}

TEST_F(FaultInjectionDeathTest, TheWallClockFollowsTheFile) {
  const fs::path file = folder_ / "shift";
  const auto shifted = [&] {
    setenv("FP4_CLOCK_SHIFT", file.c_str(), 1);
    std::ofstream(file) << "0";
    const absl::Time before = SystemClock().Now();
    const absl::Duration since_boot = SystemClock().SinceBoot();
    std::ofstream(file) << "-86400";
    const bool wall_went_back = SystemClock().Now() < before - absl::Hours(23);
    const bool boot_clock_did_not = SystemClock().SinceBoot() - since_boot < absl::Hours(1) &&
                                    SystemClock().SinceBoot() >= since_boot;
    _exit(wall_went_back && boot_clock_did_not ? 0 : 1);
  };
  EXPECT_EXIT(shifted(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace fp4
