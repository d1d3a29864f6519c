#include "server/core/resumption.h"

#include "base/reasons.h"
#include "gtest/gtest.h"

namespace fp4::core {
namespace {

struct Row {
  const char* what;
  Beginning beginning;
  std::string_view reason;
  bool passed_over;
  const char* message;
};

const Row kRows[] = {
    {"no step was ever made", {0, 0, std::nullopt, ""}, "", false, ""},
    {"from the newest one", {50, 60, 50, "/c/50"}, "", false, ""},
    {"from one that was delivered later", {70, 80, 50, "/c/50"}, "", false, ""},
    {"at 0, none was stored",
     {0, 30, std::nullopt, ""},
     reason::kRestartedFromZero,
     false,
     "begins at step 0 again: step 30 had been reached, but no checkpoint was stored"},
    {"at 0, the stored one is gone",
     {0, 60, 50, "/c/50"},
     reason::kRestartedFromZero,
     true,
     "begins at step 0 again: the stored checkpoint of step 50 could not be read on this worker "
     "(/c/50)"},
    {"from an older one",
     {25, 60, 50, "/c/50"},
     reason::kCheckpointPassedOver,
     true,
     "goes on from step 25: the stored checkpoint of step 50 could not be read on this worker "
     "(/c/50)"},
};

TEST(JudgeBeginningTest, SaysWhatIsDoneAgain) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    const ResumptionFinding finding = JudgeBeginning(row.beginning);
    EXPECT_EQ(finding.reason, row.reason);
    EXPECT_EQ(finding.message, row.message);
    EXPECT_EQ(finding.passed_over, row.passed_over);
    EXPECT_EQ(finding.from_zero, row.reason == reason::kRestartedFromZero);
  }
}

}  // namespace
}  // namespace fp4::core
