#include "client/manual/page.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "client/command_line.h"
#include "client/verbs/verbs.h"
#include "tests/client/manual/examples.h"

namespace fp4::client {
namespace {

using ::testing::HasSubstr;

class ManualTest : public testing::Test {
 protected:
  std::string Page() { return ManualPage(AllVerbs(), SharedOptions(context_)); }

  std::ostringstream out_, err_;
  std::istringstream in_;
  Context context_{.out = out_,
                   .err = err_,
                   .in = in_,
                   .terminal = {},
                   .controller = {},
                   .state_folder = {},
                   .binary_folder = {}};
};

// What a command prints, on both outputs.
std::string OutputOf(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  for (int c; (c = fgetc(pipe)) != EOF;) text.push_back(static_cast<char>(c));
  pclose(pipe);
  return text;
}

TEST_F(ManualTest, HasEveryVerbWithItsOptionsAndHelp) {
  const std::string page = Page();
  for (const Verb& verb : AllVerbs()) {
    EXPECT_THAT(page, HasSubstr("\n.SS " + verb.name + "\n"));
    EXPECT_THAT(page, HasSubstr("\n.TP\n\\fB" + verb.name + "\\fR\n")) << "the overview";
  }
  EXPECT_THAT(page, HasSubstr("\\fB\\-n\\fR, \\fB\\-\\-name\\fR \\fITEXT\\fR"));
  EXPECT_THAT(page, HasSubstr("\\fB130\\fR"));
}

TEST_F(ManualTest, ManFindsNothingToComplainOf) {
  if (OutputOf("command -v man").empty()) GTEST_SKIP() << "man is missing (script/setup tests)";
  const std::string path = testing::TempDir() + "/fp4ctl.1";
  std::ofstream(path) << Page();
  EXPECT_EQ(OutputOf("LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z " + path +
                     " 3>&1 >/dev/null 2>&3"),
            "");
  const std::string shown = OutputOf("LC_ALL=C.UTF-8 MANWIDTH=100 man -l " + path + " | col -b");
  EXPECT_THAT(shown, HasSubstr("fp4ctl metrics b2c3 --name train/loss -o json | jq '.[-1].value'"));
}

TEST(RoffText, KeepsIndentedLinesAndEscapesWhatRoffWouldRead) {
  EXPECT_EQ(
      RoffText("One `two`\nthree.\n\n.dot 'q' \\n\n  a  -b\n  c\nend"),
      "One \\fBtwo\\fR\nthree.\n.P\n\\&.dot \\(aqq\\(aq \\en\n.nf\n  a  \\-b\n  c\n.fi\n.P\nend\n");
  EXPECT_EQ(RoffText(""), "");
  EXPECT_EQ(RoffText("one ` alone"), "one \\(ga alone\n");
}

TEST_F(ManualTest, EveryExampleOfAHelpPageIsACommandLine) {
  size_t num_examples = 0;
  for (const Verb& verb : AllVerbs()) {
    for (const std::vector<std::string>& words : ExamplesOf(verb.help)) {
      std::vector<const char*> argv;
      for (const std::string& word : words) argv.push_back(word.c_str());
      const std::vector<Verb> verbs = AllVerbs();
      const ParsedLine line =
          ParseCommandLine(static_cast<int>(argv.size()), argv.data(), verbs, context_);
      EXPECT_EQ(line.error, "") << testing::PrintToString(words);
      EXPECT_NE(line.verb, nullptr) << testing::PrintToString(words);
      ++num_examples;
    }
  }
  EXPECT_GT(num_examples, 30u);
}

TEST(ExamplesOf, ReadsWordsAsAShellDoesAndLeavesWordsForPeopleOut) {
  const auto found = ExamplesOf(
      "Text.\n\nExamples:\n  fp4ctl a b        what it does\n  fp4ctl c 'd e' | jq '.x'\n"
      "  fp4ctl f && fp4ctl g < h\n  bash   fp4ctl completion bash > file");
  EXPECT_THAT(found,
              testing::ElementsAre(std::vector<std::string>{"fp4ctl", "a", "b"},
                                   std::vector<std::string>{"fp4ctl", "c", "d e"},
                                   std::vector<std::string>{"fp4ctl", "f"},
                                   std::vector<std::string>{"fp4ctl", "g"},
                                   std::vector<std::string>{"fp4ctl", "completion", "bash"}));
}

}  // namespace
}  // namespace fp4::client
