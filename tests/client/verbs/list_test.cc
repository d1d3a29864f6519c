#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

constexpr int kManyRuns = 1203;  // more than two pages of the client

class ListTest : public CommandFixture {
 protected:
  ListTest() {
    v1::Experiment experiment = MakeExperiment({"fp4"});
    const v1::Run run = experiment.runs(0);
    for (int i = 1; i < kManyRuns; ++i) {
      v1::Run& more = *experiment.add_runs();
      more = run;
      more.set_id("run" + std::to_string(10000 + i));
    }
    service_.SetExperiment(experiment);
  }
};

TEST_F(ListTest, JsonHasEveryRow) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"ls", "k7x2m9qd", "-o", "json"}, {"ls", "--runs", "-o", "json"}}) {
    Command command = Run(line);
    EXPECT_EQ(command.Wait(), 0) << command.err();
    EXPECT_EQ(nlohmann::json::parse(command.out()).size(), static_cast<size_t>(kManyRuns));
    EXPECT_EQ(command.err(), "");
  }
}

TEST_F(ListTest, ALimitIsKeptAndTheRestMentioned) {
  Command json = Run({"ls", "--runs", "--limit", "700", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0);
  EXPECT_EQ(nlohmann::json::parse(json.out()).size(), 700u);
  EXPECT_NE(json.err().find("--limit 0 shows all"), std::string::npos);
  Command text = Run({"ls", "--runs"});
  EXPECT_EQ(text.Wait(), 0);
  EXPECT_NE(text.err().find("--limit 0 shows all"), std::string::npos);
}

}  // namespace
}  // namespace fp4::client
