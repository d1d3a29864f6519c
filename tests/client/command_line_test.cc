#include "client/command_line.h"

#include <gtest/gtest.h>

#include <sstream>

#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

class CommandLineTest : public ::testing::Test {
 protected:
  ParsedLine Parse(std::vector<const char*> words) {
    words.insert(words.begin(), "fp4ctl");
    return ParseCommandLine(static_cast<int>(words.size()), words.data(), verbs_, context_);
  }

  std::ostringstream out_, err_;
  std::istringstream in_;
  Context context_{.out = out_,
                   .err = err_,
                   .in = in_,
                   .terminal = {},
                   .controller = {},
                   .state_folder = {},
                   .binary_folder = {}};
  const std::vector<Verb> verbs_ = AllVerbs();
};

TEST_F(CommandLineTest, SharedOptionsStandBeforeOrAfterTheVerb) {
  ASSERT_EQ(Parse({"--controller", "a:1", "ls", "-o", "json"}).error, "");
  EXPECT_EQ(context_.controller, "a:1");
  EXPECT_EQ(context_.output, "json");
  const ParsedLine line = Parse({"-o", "text", "ls", "--controller=b:2"});
  EXPECT_EQ(line.verb->name, "ls");
  EXPECT_EQ(context_.controller, "b:2");
  EXPECT_EQ(context_.output, "text");
}

TEST_F(CommandLineTest, NumbersBeyondTheirRangeAreNamedWithIt) {
  struct Case {
    std::vector<const char*> words;
    const char* range;
  };
  const Case cases[] = {
      {{"ls", "--limit", "-1"}, "--limit: '-1' is not a whole number from 0 to 1000000000"},
      {{"ls", "--limit", "99999999999999999999"}, "from 0 to 1000000000"},
      {{"ls", "--limit", "1e3"}, "'1e3' is not a whole number"},
      {{"ls", "--limit", ""}, "'' is not a whole number"},
      {{"down", "--timeout", "0"}, "'0' is not a whole number from 1 to 604800"},
      {{"up", "--port", "65536"}, "--port: '65536' is not a whole number from 0 to 65535"},
      {{"up", "--slots", "-3"}, "from 0 to 1024"},
      {{"metrics", "x", "--max-points", "2147483648"}, "from 0 to 2147483647"},
      {{"watch", "x", "--cursor", "-1"},
       "--cursor: '-1' is not a whole number from 0 to 9223372036854775807"},
  };
  for (const Case& one : cases) {
    const std::string error = Parse(one.words).error;
    EXPECT_NE(error.find(one.range), std::string::npos) << error;
    EXPECT_LT(error.size(), 200u) << error;
  }
}

TEST_F(CommandLineTest, AWordThatIsNoVerbIsNamedWithTheNearest) {
  struct Case {
    std::vector<const char*> words;
    const char* near;
  };
  const Case cases[] = {
      {{"sbumit", "a.json"}, "'submit'"},       {{"sub"}, "'submit'"},
      {{"-o", "json", "reprot"}, "'report'"},   {{"contrast", "k7x2"}, "'compare'"},
      {{"--controller", "a:1", "lst"}, "'ls'"}, {{"descirbe", "k7x2"}, "'describe'"}};
  for (const Case& one : cases) {
    const std::string error = Parse(one.words).error;
    EXPECT_NE(error.find("there is no command '"), std::string::npos) << error;
    EXPECT_NE(error.find(std::string("did you mean ") + one.near), std::string::npos) << error;
  }
  EXPECT_NE(Parse({"qqqq"}).error.find("there is no command 'qqqq'\n"), std::string::npos);
}

TEST_F(CommandLineTest, WhatIsNotTextIsRefusedWithItsByte) {
  const std::vector<std::vector<const char*>> lines = {{"describe", "caf\xe9"},
                                                       {"submit", "-", "--set", "name=caf\xe9"},
                                                       {"ls", "--project", "\xff\xfe"},
                                                       {"metrics", "x", "--name", "a\xe9"}};
  for (const auto& line : lines) {
    const std::string error = Parse(line).error;
    EXPECT_NE(error.find("has the byte 0x"), std::string::npos) << error;
    EXPECT_NE(error.find("not UTF-8"), std::string::npos) << error;
  }
}

TEST_F(CommandLineTest, AFileMayHaveAnyName) {
  EXPECT_EQ(Parse({"validate", "caf\xe9.json"}).error, "");
}

TEST_F(CommandLineTest, EveryVerbHasAHelpPage) {
  for (const Verb& verb : verbs_) {
    const ParsedLine line = Parse({verb.name.c_str(), "--help"});
    EXPECT_EQ(line.verb, nullptr) << verb.name;
    EXPECT_NE(line.text.find(verb.summary), std::string::npos) << line.text;
  }
}

}  // namespace
}  // namespace fp4::client
