#include <gtest/gtest.h>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

class DeleteTest : public CommandFixture {
 protected:
  DeleteTest() {
    for (const char* run : {"run0000a", "run0000b"}) {
      service_.Add(StateTo(run, v1::RUN_STATE_COMPLETED));
    }
  }
  bool IsThere() { return Run({"describe", "k7x2m9qd"}).Wait() == 0; }
};

TEST_F(DeleteTest, WithoutATerminalNothingIsDeleted) {
  const std::string lines[] = {
      "$FP4CTL delete k7x2m9qd | cat >&2; exit 1", "echo y | $FP4CTL delete k7x2m9qd",
      "echo n | $FP4CTL delete k7x2m9qd", "$FP4CTL delete k7x2m9qd -o json < /dev/null",
      "TERM=dumb $FP4CTL delete k7x2m9qd < /dev/null"};
  for (const std::string& line : lines) {
    Command command = Shell(line);
    EXPECT_EQ(command.Wait(), 1) << line;
    EXPECT_NE(command.err().find("--yes"), std::string::npos) << line << command.err();
    EXPECT_TRUE(IsThere()) << line;
  }
}

TEST_F(DeleteTest, WithYesItIsDeleted) {
  EXPECT_EQ(Run({"delete", "k7x2m9qd", "--yes"}).Wait(), 0);
  EXPECT_FALSE(IsThere());
}

TEST_F(DeleteTest, AnIdOfFewCharactersIsRefused) {
  for (const char* verb : {"delete", "cancel"}) {
    Command command = Shell(std::string("$FP4CTL ") + verb + " k7 " +
                            (verb == std::string("delete") ? "--yes" : ""));
    EXPECT_EQ(command.Wait(), 2) << verb;
    EXPECT_NE(command.err().find("at least 4 characters"), std::string::npos) << command.err();
  }
  EXPECT_TRUE(IsThere());
}

}  // namespace
}  // namespace fp4::client
