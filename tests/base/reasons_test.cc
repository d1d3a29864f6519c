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

}  // namespace
}  // namespace fp4
