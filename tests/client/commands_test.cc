#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

using Json = nlohmann::json;

using CommandsTest = CommandFixture;

TEST_F(CommandsTest, SubmitPrintsTheIds) {
  Command command =
      Run({"submit", Write("a.json", kDocument), "-o", "json", "--set", "training.steps=9"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  const Json json = Json::parse(command.out());
  EXPECT_EQ(json["experiment"], "k7x2m9qd");
  EXPECT_EQ(json["runs"][1], (Json{{"id", "run0000b"}, {"variant", "fp4"}, {"seed", 1}}));
  EXPECT_EQ(service_.create_request().document(), kDocument);
  EXPECT_EQ(service_.create_request().overrides(0), "training.steps=9");
  EXPECT_GE(service_.create_request().request_id().size(), 16u);
}

TEST_F(CommandsTest, SubmitReadsStandardInputAndMakesPathsAbsolute) {
  Command command = Run({"submit", "-", "--set", R"(data.paths=["a.txt"])"},
                        R"({"data": {"paths": ["corpus/*.txt"]}})");
  EXPECT_EQ(command.Wait(), 0) << command.err();
  const std::string here = std::filesystem::current_path();
  EXPECT_NE(service_.create_request().document().find("\"" + here + "/corpus/*.txt\""),
            std::string::npos)
      << service_.create_request().document();
  EXPECT_NE(service_.create_request().overrides(0).find("\"" + here + "/a.txt\""),
            std::string::npos)
      << service_.create_request().overrides(0);
}

TEST_F(CommandsTest, ProblemsThatTheControllerFoundHaveTheirPlace) {
  service_.FailCreate(RpcError(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_DOCUMENT", "1 problem",
                               {{.path = "model.preset",
                                 .line = 3,
                                 .column = 23,
                                 .message = "is 'mikro'",
                                 .override_text = ""}}));
  const std::string file = Write("a.json", kDocument);
  Command command = Run({"submit", file});
  EXPECT_EQ(command.Wait(), 2);
  EXPECT_EQ(command.err(), file + ":3:23: error: model.preset: is 'mikro'\n");
  EXPECT_EQ(command.out(), "");
}

TEST_F(CommandsTest, ADryRunStoresNothing) {
  Command command = Run({"submit", Write("a.json", kDocument), "--dry-run"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_TRUE(service_.create_request().validate_only());
  EXPECT_NE(command.out().find("blocks.{0..3}.mlp.up"), std::string::npos);
}

TEST_F(CommandsTest, ValidateNeedsNoControllerAndNamesEveryProblem) {
  Command good = RunWith({}, {"validate", Write("a.json", kDocument)});
  EXPECT_EQ(good.Wait(), 0) << good.err();
  EXPECT_NE(good.out().find("demo: 2 runs, 2 variants, seeds 1\n"), std::string::npos)
      << good.out();
  const std::string file = Write("b.json", R"({"schema_version": 1, "name": "x",
 "training": {"stepz": 3}, "model": {"preset": "mikro"}})");
  Command bad = RunWith({}, {"validate", file});
  EXPECT_EQ(bad.Wait(), 2);
  EXPECT_EQ(bad.out(), "");
  EXPECT_NE(bad.err().find(file + ":2:"), std::string::npos) << bad.err();
  EXPECT_NE(bad.err().find("stepz"), std::string::npos) << bad.err();
  EXPECT_NE(bad.err().find("mikro"), std::string::npos) << bad.err();
}

TEST_F(CommandsTest, WithoutAControllerTheNextStepIsNamed) {
  Command none = RunWith({}, {"ls"});
  EXPECT_EQ(none.Wait(), 3);
  EXPECT_NE(none.err().find("`fp4ctl up`"), std::string::npos) << none.err();
  Command dead = RunWith({}, {"ls", "--controller", "127.0.0.1:1"});
  EXPECT_EQ(dead.Wait(), 3);
  EXPECT_NE(dead.err().find("127.0.0.1:1"), std::string::npos) << dead.err();
}

TEST_F(CommandsTest, BadCommandLinesExitWith2) {
  const std::vector<std::vector<std::string>> lines = {{},
                                                       {"sbumit"},
                                                       {"submit"},
                                                       {"watch"},
                                                       {"ls", "--no-such-option"},
                                                       {"ls", "-o", "yaml"},
                                                       {"submit", "/no/such/file.json"},
                                                       {"completion", "tcsh"},
                                                       {"ls", "--state", "sleeping"}};
  for (const auto& line : lines) {
    Command command = Run(line);
    EXPECT_EQ(command.Wait(), 2) << ::testing::PrintToString(line) << command.err();
    EXPECT_NE(command.err(), "") << ::testing::PrintToString(line);
  }
}

TEST_F(CommandsTest, AMisspeltCommandGetsASuggestion) {
  Command command = Run({"sub"});
  EXPECT_EQ(command.Wait(), 2);
  EXPECT_NE(command.err().find("did you mean 'submit'?"), std::string::npos) << command.err();
}

TEST_F(CommandsTest, AnUnknownIdExitsWith4) {
  Command command = Run({"describe", "zzz"});
  EXPECT_EQ(command.Wait(), 4);
  EXPECT_NE(command.err().find("'zzz'"), std::string::npos) << command.err();
}

TEST_F(CommandsTest, MetricsArePointsByStep) {
  v1::Series series;
  series.set_name("train/loss");
  v1::Point& point = *series.add_points();
  point.set_step(10);
  point.set_value(2.5);
  point.set_attempt(1);
  service_.SetSeries(series);
  Command command = Run({"metrics", "run0000a", "--name", "train/loss", "-o", "json"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.out(), "[{\"step\":10,\"value\":2.5,\"attempt\":1}]\n");
  Command names = Run({"metrics", "run0000a"});
  EXPECT_EQ(names.Wait(), 0);
  EXPECT_NE(names.out().find("train/loss"), std::string::npos);
}

TEST_F(CommandsTest, DeleteIsRefusedWhileRunsAreActive) {
  Command refused = Run({"delete", "k7x2", "--yes"});
  EXPECT_EQ(refused.Wait(), 1);
  EXPECT_NE(refused.err().find("fp4ctl cancel"), std::string::npos);
  Command cancel = Run({"cancel", "k7x2"});
  EXPECT_EQ(cancel.Wait(), 0) << cancel.err();
  Command deleted = Run({"delete", "k7x2", "--yes", "-o", "json"});
  EXPECT_EQ(deleted.Wait(), 0) << deleted.err();
  EXPECT_EQ(deleted.out(), "{\"deleted\":\"k7x2m9qd\"}\n");
}

TEST_F(CommandsTest, StatusTellsOfControllerAndWorkers) {
  Command command = Run({"status", "-o", "json"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  const Json json = Json::parse(command.out());
  EXPECT_EQ(json["controller"]["address"], service_.address());
  EXPECT_EQ(json["workers"][0]["slots"][0]["cpu_threads"], 2);
}

TEST_F(CommandsTest, AWorkerIsForgottenByItsName) {
  Command command = Run({"forget", "host:1a2b"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.out(), "Forgot worker host:1a2b.\n");
  EXPECT_EQ(Run({"forget", "nobody"}).Wait(), 4);
}

TEST_F(CommandsTest, HelpNamesEveryCommandAndTheExitCodes) {
  Command command = RunWith({}, {"--help"});
  EXPECT_EQ(command.Wait(), 0);
  for (const char* word :
       {"wait",     "queue",    "diff",    "plot",    "export",  "events",     "clone",
        "workers",  "up",       "down",    "status",  "submit",  "watch",      "ls",
        "describe", "metrics",  "compare", "logs",    "cancel",  "retry",      "delete",
        "forget",   "validate", "schema",  "explain", "version", "completion", "Exit status"}) {
    EXPECT_NE(command.out().find(word), std::string::npos) << word;
  }
}

TEST_F(CommandsTest, SchemaAndExplainWorkAlone) {
  Command schema = RunWith({}, {"schema"});
  EXPECT_EQ(schema.Wait(), 0);
  EXPECT_TRUE(Json::parse(schema.out()).contains("properties"));
  Command explain = RunWith({}, {"explain", "optimizer.learning_rate"});
  EXPECT_EQ(explain.Wait(), 0);
  EXPECT_NE(explain.out().find("learning_rate"), std::string::npos);
  EXPECT_NE(RunWith({}, {"explain", "optimizer.lerning_rate"}).Wait(), 0);
}

}  // namespace
}  // namespace fp4::client
