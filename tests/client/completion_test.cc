#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

using ::testing::HasSubstr;

class CompletionTest : public CommandFixture {
 protected:
  std::string Script(const std::string& shell) {
    Command command = Run({"completion", shell});
    EXPECT_EQ(command.Wait(), 0) << command.err();
    return command.out();
  }
  // What bash offers for the last word of the line.
  std::string Offered(const std::string& words) {
    const std::string file = Write("fp4ctl.bash", Script("bash"));
    Command complete = Shell("bash -c 'source " + file + "; COMP_WORDS=(\"$FP4CTL\" " + words +
                             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _fp4ctl; "
                             "echo \"${COMPREPLY[@]}\"'");
    EXPECT_EQ(complete.Wait(), 0) << complete.err();
    EXPECT_EQ(complete.err(), "");
    return complete.out();
  }
};

TEST_F(CompletionTest, BashCompletesEachPlaceOfTheLine) {
  const struct {
    const char *words, *offered;
  } cases[] = {{"su", "submit\n"},
               {"submit --wa", "--watch\n"},
               {"completion z", "zsh\n"},
               {"compare k", "k7x2m9qd\n"},
               {"describe run", "run0000a run0000b\n"},
               {"plot k7x2m9qd run0000b run", "run0000a run0000b\n"},
               {"diff run0000a k", "k7x2m9qd\n"},
               {"export k7x2m9qd --to ten", "tensorboard\n"},
               {"export --to csv run0000b", "run0000b\n"},
               {"forget ho", "host:1a2b\n"},
               {"compare k7x2m9qd k", "\n"},
               {"ls -o js", "json\n"}};
  for (const auto& c : cases) EXPECT_EQ(Offered(c.words), c.offered) << c.words;
}

TEST_F(CompletionTest, BashAsksTheControllerThatTheLineNames) {
  EXPECT_EQ(Offered("--controller 127.0.0.1:1 compare k"), "\n");
  EXPECT_EQ(Offered("compare --controller " + service_.address() + " k"), "k7x2m9qd\n");
}

TEST_F(CompletionTest, IdsAreSilentWhereNoControllerAnswers) {
  const absl::Time begin = absl::Now();
  for (const char* address : {"FP4_CONTROLLER=127.0.0.1:1", "FP4_CONTROLLER="}) {
    Command ids = RunWith({address}, {"completion", "--ids", "any"});
    EXPECT_EQ(ids.Wait(), 0);
    EXPECT_EQ(ids.out() + ids.err(), "");
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST_F(CompletionTest, TakesEitherAShellOrIds) {
  EXPECT_EQ(Run({"completion"}).Wait(), 2);
  EXPECT_EQ(Run({"completion", "bash", "--ids", "run"}).Wait(), 2);
  EXPECT_EQ(Run({"completion", "--ids", "cat"}).Wait(), 2);
}

TEST_F(CompletionTest, EveryShellKnowsEveryCommandAndAsksForIds) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = Script(shell);
    for (const char* word : {"submit", "watch", "describe", "completion --ids experiment",
                             "completion --ids worker", "dry-run", "tensorboard"}) {
      EXPECT_THAT(script, HasSubstr(word)) << shell;
    }
  }
}

}  // namespace
}  // namespace fp4::client
