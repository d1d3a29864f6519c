#include "server/artifacts/disk_guard.h"

#include <gtest/gtest.h>

#include "base/reasons.h"
#include "tests/support/fake_clock.h"

namespace fp4::artifacts {
namespace {

constexpr absl::Duration kSlow = absl::Seconds(4);

class DiskGuardTest : public ::testing::Test {
 protected:
  void Commit(absl::Duration duration, int count) {
    for (int i = 0; i < count; ++i) guard_.NoteCommit(duration);
  }
  bool TakesWork() {
    const absl::Status status = guard_.Check();
    EXPECT_TRUE(status.ok() || ReasonOf(status) == reason::kStorage) << status;
    return status.ok();
  }

  fp4::testing::FakeClock clock_;
  DiskGuard guard_{"/", 0, clock_};
};

TEST_F(DiskGuardTest, ADiskWithoutCommitsTakesWork) { EXPECT_TRUE(TakesWork()); }

TEST_F(DiskGuardTest, TwoSlowCommitsAreTolerated) {
  Commit(kSlow, kSlowCommitsTolerated);
  EXPECT_TRUE(TakesWork());
  Commit(kSlow, 1);
  EXPECT_FALSE(TakesWork());
}

TEST_F(DiskGuardTest, SlowCommitsAmongManyQuickOnesDoNotCount) {
  Commit(kSlow, 3);
  Commit(absl::Milliseconds(1), 297);
  EXPECT_FALSE(TakesWork()) << "one in a hundred";
  Commit(absl::Milliseconds(1), 1);
  EXPECT_TRUE(TakesWork());
}

TEST_F(DiskGuardTest, ItIsFitAgainWhenSlowCommitsAreOld) {
  Commit(kSlow, 5);
  clock_.Advance(kCommitsLookedAt - absl::Seconds(1));
  EXPECT_FALSE(TakesWork());
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(TakesWork());
}

TEST_F(DiskGuardTest, ADiskWithoutRoomTakesNoWork) {
  const DiskGuard full("/", int64_t{1} << 60, clock_);
  EXPECT_EQ(ReasonOf(full.Check()), reason::kStorage);
}

}  // namespace
}  // namespace fp4::artifacts
