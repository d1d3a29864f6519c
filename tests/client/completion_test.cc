#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "tests/client/support/command.h"

namespace fp4::client {
namespace {

std::string Script(const std::string& shell) {
  Command command({ProgramUnderTest("FP4CTL"), "completion", shell});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  return command.out();
}

TEST(CompletionTest, BashCompletesCommandsAndOptions) {
  TemporaryFolder folder;
  const std::string file = folder.path() / "fp4ctl.bash";
  ASSERT_TRUE(ReplaceFile(file, Script("bash")).ok());
  Command syntax({"/bin/bash", "-n", file});
  EXPECT_EQ(syntax.Wait(), 0) << syntax.err();
  Command complete({"/bin/bash", "-c", "source " + file + R"(
    COMP_WORDS=(fp4ctl su) COMP_CWORD=1; _fp4ctl; echo "${COMPREPLY[@]}"
    COMP_WORDS=(fp4ctl submit --wa) COMP_CWORD=2; _fp4ctl; echo "${COMPREPLY[@]}"
    COMP_WORDS=(fp4ctl completion z) COMP_CWORD=2; _fp4ctl; echo "${COMPREPLY[@]}")"});
  EXPECT_EQ(complete.Wait(), 0) << complete.err();
  EXPECT_EQ(complete.out(), "submit\n--watch\nzsh\n");
}

TEST(CompletionTest, EveryShellKnowsEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = Script(shell);
    for (const char* word : {"submit", "watch", "describe", "completion", "dry-run"}) {
      EXPECT_NE(script.find(word), std::string::npos) << shell << " " << word;
    }
  }
}

}  // namespace
}  // namespace fp4::client
