#include "client/errors.h"

#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/reasons.h"

namespace fp4::client {
namespace {

TEST(ReportErrorTest, HasANextStepAndAnExitCodeForEachKind) {
  struct Case {
    absl::Status status;
    ExitCode code;
    std::string text;
  };
  const Case cases[] = {
      {Unreachable("no controller answers at h:1"), ExitCode::kUnreachable, "fp4ctl up"},
      {ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotFound, "no run 'x'"),
       ExitCode::kNotFound, "fp4ctl ls"},
      {NoSuch("no metric 'x'"), ExitCode::kNotFound, "no metric 'x'"},
      {ErrorWithReason(absl::StatusCode::kFailedPrecondition, reason::kRunsActive,
                       "1 run is active"),
       ExitCode::kFailed, "fp4ctl cancel"},
      {absl::InvalidArgumentError("open a.json: No such file"), ExitCode::kUsage, "a.json"},
      {absl::InternalError("disk"), ExitCode::kFailed, "disk"},
      // A refusal of a controller that is there.
      {ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage, "the disk is full"),
       ExitCode::kFailed, "the disk is full"},
      {ErrorWithReason(absl::StatusCode::kUnavailable, reason::kShuttingDown, "it shuts down"),
       ExitCode::kUnreachable, "it shuts down"},
      // Of a program or a folder on this machine.
      {ErrnoStatus(ENOENT, "start /opt/fp4-worker"), ExitCode::kFailed, "/opt/fp4-worker"},
      {ErrnoStatus(EAGAIN, "start /opt/fp4-worker"), ExitCode::kFailed, "/opt/fp4-worker"},
  };
  for (const Case& one : cases) {
    std::ostringstream err;
    EXPECT_EQ(ReportError(one.status, err), one.code) << one.status;
    EXPECT_NE(err.str().find(one.text), std::string::npos) << err.str();
  }
}

TEST(ExitCodeTest, ThePageHasTheTable) {
  const std::string page = ReadFile(FP4_DOCS "/fp4ctl.md").value_or("");
  for (const ExitMeaning& row : kExitMeanings) {
    const std::string line =
        absl::StrCat("| ", static_cast<int>(row.code), " | ", std::string(row.meaning), " |\n");
    EXPECT_NE(page.find(line), std::string::npos) << "docs/fp4ctl.md lacks: " << line;
  }
}

}  // namespace
}  // namespace fp4::client
