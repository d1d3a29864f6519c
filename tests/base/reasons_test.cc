#include "base/reasons.h"

#include <gtest/gtest.h>

namespace fp4 {
namespace {

TEST(ReasonsTest, AStatusCarriesItsReasonAndDetails) {
  absl::Status status = ErrorWithReason(absl::StatusCode::kOutOfRange, reason::kSeqGap,
                                        "expected 5, got 9", {{"expected_seq", "5"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ReasonOf(status), "SEQ_GAP");
  EXPECT_EQ(ReasonMetadataOf(status), (std::map<std::string, std::string>{{"expected_seq", "5"}}));
}

TEST(ReasonsTest, APlainStatusHasNone) {
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), std::nullopt);
  EXPECT_TRUE(ReasonMetadataOf(absl::OkStatus()).empty());
}

TEST(ReasonsTest, LastWordsOfATrainerTellWhetherItsMachineIsToBlame) {
  EXPECT_EQ(MachineReasonOf("disk_full: write /run/events.jsonl: No space left on device"),
            reason::kDiskFull);
  EXPECT_EQ(MachineReasonOf("fp4-train: machine_fault: read /data/a.bin: Input/output error"),
            reason::kMachineFault);
  for (const char* other : {"", "disk_full", "disk_fuller: x", "non_finite: at step 3",
                            "the disk_full: x", "fp4-train: fp4-train: disk_full: x"}) {
    EXPECT_EQ(MachineReasonOf(other), "") << other;
  }
}

}  // namespace
}  // namespace fp4
