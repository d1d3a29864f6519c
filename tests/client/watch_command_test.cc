// `fp4ctl watch` and `submit --watch` as processes.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "tests/client/support/command.h"
#include "tests/client/support/documents.h"
#include "tests/client/support/fake_service.h"

namespace fp4::client {
namespace {

class WatchCommandTest : public ::testing::Test {
 protected:
  WatchCommandTest() {
    service_.SetExperiment(MakeExperiment({"fp4"}));
    service_.Add(StateTo("run0000a", v1::RUN_STATE_RUNNING));
    service_.Add(MetricsAt("run0000a", 1, 10, 3.5, 1));
  }

  Command Watch(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {ProgramUnderTest("FP4CTL"), "watch"});
    return Command(arguments, {"FP4_CONTROLLER=" + service_.address()});
  }

  FakeService service_;
};

TEST_F(WatchCommandTest, ExitsWithZeroWhenAllCompleted) {
  service_.Add(StateTo("run0000a", v1::RUN_STATE_COMPLETED));
  Command command = Watch({"k7x2"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("step 10/40  loss 3.5000"), std::string::npos) << command.out();
  EXPECT_NE(command.out().find("fp4ctl compare k7x2m9qd"), std::string::npos) << command.out();
}

TEST_F(WatchCommandTest, ExitsWithOneWhenARunFailed) {
  service_.Add(StateTo("run0000a", v1::RUN_STATE_FAILED, "trainer_crashed"));
  Command command = Watch({"run0000a"});
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_NE(command.err().find("failed, trainer_crashed"), std::string::npos) << command.err();
  EXPECT_NE(command.err().find("fp4ctl logs run0000a"), std::string::npos) << command.err();
}

TEST_F(WatchCommandTest, JsonLinesSurviveABrokenStream) {
  service_.Add(StateTo("run0000a", v1::RUN_STATE_COMPLETED));
  service_.BreakWatchAfter(1);
  Command command = Watch({"run0000a", "-o", "json"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  std::istringstream lines(command.out());
  std::vector<int64_t> cursors;
  for (std::string line; std::getline(lines, line);) {
    cursors.push_back(nlohmann::json::parse(line)["cursor"]);
  }
  EXPECT_EQ(cursors, (std::vector<int64_t>{101, 102, 103}));
}

// Of a newer controller: a field that no release has, and a kind that only its name tells of.
TEST_F(WatchCommandTest, EventsOfKindsThatItDoesNotKnowArePassedOver) {
  v1::Event unheard_of = MetricsAt("run0000a", 1, 11, 3.4, 2);
  unheard_of.clear_kind();
  ASSERT_TRUE(unheard_of.MergeFromString(std::string("\xfa\x7f\x03\x0a\x01\x61", 6)));
  service_.Add(unheard_of);
  v1::Event named = unheard_of;
  named.mutable_unknown()->set_type("picture");
  named.mutable_unknown()->set_json(R"({"file":"/a.png"})");
  service_.Add(named);
  service_.Add(StateTo("run0000a", v1::RUN_STATE_COMPLETED));
  Command plain = Watch({"run0000a"});
  EXPECT_EQ(plain.Wait(), 0) << plain.err();
  EXPECT_NE(plain.out().find("completed"), std::string::npos) << plain.out();
  Command json = Watch({"run0000a", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0) << json.err();
  std::istringstream lines(json.out());
  std::vector<std::string> types;
  for (std::string line; std::getline(lines, line);) {
    types.push_back(nlohmann::json::parse(line)["type"]);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"state", "metrics", "picture", "state"}));
}

TEST_F(WatchCommandTest, CtrlCLeavesTheRunAloneAndSaysHowToComeBack) {
  Command command = Watch({"k7x2"});
  ASSERT_TRUE(command.WaitForOutput("step 10/40"));
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130);
  EXPECT_NE(command.err().find("fp4ctl watch k7x2m9qd"), std::string::npos) << command.err();
}

TEST_F(WatchCommandTest, SubmitCanWatch) {
  service_.Add(StateTo("run0000a", v1::RUN_STATE_COMPLETED));
  TemporaryFolder folder;
  const std::string file = folder.path() / "a.json";
  ASSERT_TRUE(ReplaceFile(file, "{}").ok());
  Command command({ProgramUnderTest("FP4CTL"), "submit", file, "--watch"},
                  {"FP4_CONTROLLER=" + service_.address()});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("Experiment k7x2m9qd (demo): 1 run queued"), std::string::npos);
  EXPECT_NE(command.out().find("completed"), std::string::npos);
}

TEST_F(WatchCommandTest, LogsEndAtWhatIsStored) {
  Command command({ProgramUnderTest("FP4CTL"), "logs", "run0000a"},
                  {"FP4_CONTROLLER=" + service_.address()});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("running"), std::string::npos) << command.out();
  EXPECT_EQ(command.out().find("step 10/40"), std::string::npos) << command.out();
}

}  // namespace
}  // namespace fp4::client
