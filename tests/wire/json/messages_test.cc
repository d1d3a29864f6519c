#include "wire/json/messages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "spec/events.h"
#include "tests/client/support/documents.h"

namespace fp4::wire {
namespace {

using client::FrozenLayer;
using client::MakeExperiment;
using client::MetricsAt;
using client::StateTo;
using Json = nlohmann::json;

TEST(PointsJsonTest, WritesWhatIsNotFiniteAsText) {
  v1::Series series;
  v1::Point& point = *series.add_points();
  point.set_step(10);
  point.set_value(std::nan(""));
  point.set_attempt(2);
  EXPECT_EQ(PointsJson(series), R"([{"step":10,"value":"NaN","attempt":2}])");
}

TEST(EventJsonTest, IsTheLogsObjectWithRunAndCursor) {
  v1::Event event = MetricsAt("run0000a", 17, 10, 2.5, 0);
  event.set_cursor(1234);
  Json json = Json::parse(EventJson(event));
  EXPECT_EQ(json["run"], "run0000a");
  EXPECT_EQ(json["cursor"], 1234);
  json.erase("run");
  json.erase("cursor");
  const spec::Event logged = *spec::ParseEvent(json.dump());
  EXPECT_EQ(logged.seq, 17);
  const auto& metrics = std::get<spec::MetricsEvent>(logged.kind);
  EXPECT_EQ(metrics.step, 10);
  EXPECT_EQ(metrics.values.at(0).first, "train/loss");
  EXPECT_EQ(metrics.values.at(0).second, 2.5);
}

TEST(EventJsonTest, EveryKindReadsBackAsAnEventOfTheLog) {
  v1::Event base = MetricsAt("run0000a", 1, 1, 1, 0);
  std::vector<v1::Event> events(5, base);
  events[0].mutable_started()->set_json(R"({"device":"cpu","document":{"name":"demo"}})");
  events[1].mutable_checkpoint()->set_path("/work/checkpoints/step-00000100.attempt-1");
  events[2] = FrozenLayer("run0000a", 1, "lm_head");
  events[3].mutable_log()->set_message("a \"quoted\" line");
  events[4].mutable_finished()->set_status("completed");
  for (const v1::Event& event : events) {
    Json json = Json::parse(EventJson(event));
    json.erase("run");
    json.erase("cursor");
    EXPECT_TRUE(spec::ParseEvent(json.dump()).ok()) << json;
  }
}

TEST(EventJsonTest, AChangeOfStateHasNoPlaceInTheLog) {
  v1::Event event = StateTo("run0000a", v1::RUN_STATE_FAILED, "trainer_crashed");
  event.mutable_state()->set_message("killed by signal 9 \xff");  // broken UTF-8 of a dead trainer
  const Json json = Json::parse(EventJson(event));
  EXPECT_EQ(json["type"], "state");
  EXPECT_EQ(json["state"], "failed");
  EXPECT_EQ(json["reason"], "trainer_crashed");
  EXPECT_FALSE(json.contains("seq"));
}

TEST(RunJsonTest, CarriesTheDocumentWhereItIsKnown) {
  v1::Run run = MakeExperiment({"fp4"}).runs(0);
  EXPECT_FALSE(Json::parse(RunJson(run)).contains("document"));
  run.set_resolved_document(R"({"name":"demo"})");
  EXPECT_EQ(Json::parse(RunJson(run))["document"]["name"], "demo");
  EXPECT_EQ(Json::parse(RunJson(run))["state"], "queued");
  EXPECT_TRUE(Json::parse(RunJson(run))["start_time"].is_null());
}

}  // namespace
}  // namespace fp4::wire
