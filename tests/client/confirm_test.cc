#include "client/confirm.h"

#include <gtest/gtest.h>

#include <sstream>

namespace fp4::client {
namespace {

absl::Status Answer(const std::string& answer, bool can_ask, std::string& asked) {
  std::ostringstream out, err;
  std::istringstream in(answer);
  Context context{.out = out,
                  .err = err,
                  .in = in,
                  .terminal = {},
                  .can_ask = can_ask,
                  .controller = {},
                  .state_folder = {},
                  .binary_folder = {}};
  absl::Status status = Confirm("Delete it?", context);
  EXPECT_EQ(out.str(), "");
  asked = err.str();
  return status;
}

TEST(ConfirmTest, OnlyAYesCounts) {
  std::string asked;
  for (const char* yes : {"y\n", "Y\n", "yes\n", " YES \n"}) {
    EXPECT_TRUE(Answer(yes, true, asked).ok()) << yes;
    EXPECT_EQ(asked, "Delete it? [y/N] ");
  }
  for (const char* no : {"n\n", "\n", "", "yesterday\n", "yes no\n"}) {
    EXPECT_TRUE(absl::IsCancelled(Answer(no, true, asked))) << no;
  }
}

TEST(ConfirmTest, WithoutATerminalItIsRefusedUnasked) {
  std::string asked;
  const absl::Status status = Answer("y\n", false, asked);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(status.message().find("--yes"), std::string::npos);
  EXPECT_EQ(asked, "");
}

TEST(ConfirmTest, ShortIdsAreRefused) {
  for (const char* id : {"", "k", "k7x"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckIdIsLongEnough(id, "delete"))) << id;
  }
  EXPECT_TRUE(CheckIdIsLongEnough("k7x2", "delete").ok());
}

}  // namespace
}  // namespace fp4::client
