#include "server/web/api.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/server/web/web_server.h"
#include "wire/json/messages.h"

namespace fp4::web {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// Four runs, of which the first two of a variant each have finished.
class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    id_ = server_.rpc().Submit().id();
    rpc::TestWorker worker(server_.rpc().workers(), "worker", 1);
    for (int i = 0; i < 2; ++i) {
      run_ = worker.Take();
      worker.RunToCompletion(run_, 40, 2.5);
    }
  }

  // What the RPC answers.
  template <typename Request, typename Response>
  Response Call(grpc::Status (v1::ExperimentService::Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                const Request& request) {
    grpc::ClientContext context;
    Response response;
    const grpc::Status status = (server_.rpc().experiments().*method)(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string Body(const std::string& path) {
    const httplib::Result answer = server_.Get(path);
    EXPECT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 200) << path << ": " << answer->body;
    EXPECT_EQ(answer->get_header_value("Content-Type"), "application/json");
    return answer->body;
  }

  using Stub = v1::ExperimentService::Stub;
  WebServer server_;
  std::string id_;
  v1::Assignment run_;  // the last one that has finished
};

TEST_F(ApiTest, AnswersWhatTheClientPrintsAsJson) {
  v1::GetExperimentRequest experiment;
  experiment.set_id(id_);
  EXPECT_EQ(Body("/api/v1/experiments/" + id_),
            wire::ExperimentJson(Call(&Stub::GetExperiment, experiment)) + "\n");

  const auto list = Call(&Stub::ListExperiments, v1::ListExperimentsRequest());
  EXPECT_EQ(Body("/api/v1/experiments"),
            wire::ExperimentsJson({list.experiments().begin(), list.experiments().end()}) + "\n");

  v1::GetRunRequest run;
  run.set_id(run_.run_id());
  EXPECT_EQ(Body("/api/v1/runs/" + run_.run_id()), wire::RunJson(Call(&Stub::GetRun, run)) + "\n");

  const auto runs = Call(&Stub::ListRuns, v1::ListRunsRequest());
  EXPECT_EQ(Body("/api/v1/runs"), wire::RunsJson({runs.runs().begin(), runs.runs().end()}) + "\n");

  v1::CompareRequest compare;
  compare.set_experiment_id(id_);
  EXPECT_EQ(Body("/api/v1/experiments/" + id_ + "/compare"),
            wire::ComparisonJson(Call(&Stub::Compare, compare)) + "\n");

  EXPECT_EQ(Body("/api/v1/queue"),
            wire::QueueJson(Call(&Stub::ListQueue, v1::ListQueueRequest())) + "\n");
  EXPECT_EQ(Json::parse(Body("/api/v1/workers"))[0]["name"], "worker");
}

TEST_F(ApiTest, PointsOfOneRunAreThoseOfTheMetricsVerb) {
  v1::QueryMetricsRequest request;
  request.set_run_id(run_.run_id());
  request.add_names("train/loss");
  request.set_max_points(10);
  const auto series = Call(&Stub::QueryMetrics, request).series(0);
  EXPECT_EQ(Body("/api/v1/metrics?run=" + run_.run_id() + "&name=train/loss&max_points=10"),
            wire::PointsJson(series) + "\n");
  EXPECT_THAT(Body("/api/v1/metrics?run=" + run_.run_id()), HasSubstr("\"train/loss\""));
}

TEST_F(ApiTest, CurvesOfManyRunsComeInOneAnswer) {
  const Json all = Json::parse(Body("/api/v1/metrics?experiment=" + id_ + "&name=train/loss"));
  ASSERT_EQ(all.size(), 4);
  EXPECT_EQ(all[0]["points"].size(), 40);
  EXPECT_EQ(all[3]["points"].size(), 0);  // has not begun
  EXPECT_FALSE(all[0].contains("name"));

  const Json two =
      Json::parse(Body("/api/v1/metrics?experiment=" + id_ + "&name=train/loss&name=val%2Floss"));
  ASSERT_EQ(two.size(), 8);
  EXPECT_EQ(two[1]["name"], "val/loss");
}

TEST_F(ApiTest, BucketsAreMeansOverEqualStretchesOfSteps) {
  const std::string path = "/api/v1/metrics?run=" + run_.run_id() + "&name=train/loss&buckets=12";
  const Json answer = Json::parse(Body(path));
  EXPECT_EQ(answer["width"], 4);
  const Json& curve = answer["curves"][0];
  EXPECT_EQ(curve["steps"].size(), curve["mean"].size());
  EXPECT_EQ(curve["low"].size(), curve["mean"].size());
  EXPECT_EQ(curve["steps"][1], 5);  // of steps 4 … 7

  const Json part = Json::parse(Body(path + "&from_step=8&to_step=12"));
  EXPECT_EQ(part["width"], 1);
  EXPECT_EQ(part["curves"][0]["steps"], Json({8, 9, 10, 11, 12}));
  EXPECT_FALSE(part["curves"][0].contains("low"));
}

TEST_F(ApiTest, FilesAreForSaving) {
  const auto csv = server_.Get("/api/v1/runs/" + run_.run_id() + "/metrics.csv");
  EXPECT_THAT(csv->body, ::testing::StartsWith("step,"));
  EXPECT_THAT(csv->get_header_value("Content-Disposition"), HasSubstr(run_.run_id() + ".csv"));
  const auto many = server_.Get("/api/v1/metrics?experiment=" + id_ + "&name=val/loss&format=csv");
  EXPECT_THAT(many->body, ::testing::StartsWith("run,variant,seed,name,step,value\n"));
  const auto document = server_.Get("/api/v1/experiments/" + id_ + "/document");
  EXPECT_EQ(document->body, rpc::kDocument);
}

TEST_F(ApiTest, VariantsHaveTheirDocumentsAndLayers) {
  const Json variants = Json::parse(Body("/api/v1/experiments/" + id_ + "/variants"));
  ASSERT_EQ(variants.size(), 2);
  EXPECT_EQ(variants[1]["name"], "fp4");
  EXPECT_EQ(variants[1]["document"]["precision"]["default"], "fp4");
  EXPECT_EQ(variants[1]["layers"][0]["layer"], "embedding");
}

TEST_F(ApiTest, EventsOfARunLeaveItsMetricsOut) {
  const Json events = Json::parse(Body("/api/v1/runs/" + run_.run_id() + "/events?limit=2"));
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[1]["state"], "completed");
  for (const Json& event : events) EXPECT_NE(event["type"], "metrics");
}

TEST_F(ApiTest, WhatIsWrongHasAStatusAndAJsonErrorThatNamesIt) {
  struct Case {
    std::string path;
    int status;
    std::string message;
  };
  const Case cases[] = {
      {"/api/v1/nothing", 404, "/api/v1/nothing"},
      {"/api/v1/experiments/zzzz", 404, "no experiment 'zzzz'"},
      {"/api/v1/experiments/a/b", 404, "/api/v1/experiments/a/b"},
      {"/api/v1/experiments/", 404, "/api/v1/experiments/"},
      {"/api/v1/runs/zzzz", 404, "no run 'zzzz'"},
      {"/api/v1/runs/zzzz/metrics.csv", 404, "no run 'zzzz'"},
      {"/api/v1/watch?experiment=zzzz", 404, "no experiment 'zzzz'"},
      {"/api/v1/watch", 400, "experiment_id"},
      {"/api/v1/watch?experiment=" + id_ + "&cursor=99999", 400, "cursor is 99999"},
      {"/api/v1/experiments?limi=3", 400,
       "limi: is no parameter of this path; did you mean 'limit'"},
      {"/api/v1/experiments?limit=x", 400, "limit: is 'x'; allowed: a whole number"},
      {"/api/v1/experiments?limit=1&limit=2", 400, "limit: is given 2 times"},
      {"/api/v1/runs?state=lost", 400, "'lost' is no state"},
      {"/api/v1/metrics?name=a", 400, "run: or experiment"},
      {"/api/v1/metrics?experiment=" + id_ + "&name=val/los", 404, "did you mean 'val/loss'"},
      {"/api/v1/metrics?experiment=" + id_ + "&name=val/loss&max_points=3", 400,
       "max_points: is 3"},
      {"/api/v1/metrics?experiment=" + id_ + "&name=a&from_step=9&to_step=3", 400,
       "before from_step 9"},
      {"/api/v1/metrics?experiment=" + id_ + "&name=a&format=xml", 400, "format: is 'xml'"},
      {"/api/v1/experiments/" + id_ + "/compare?at=miles", 400, "at: is 'miles'"},
      {"/api/v1/experiments/" + id_ + "/compare?margin=wide", 400, "margin: is 'wide'"},
      {"/api/v1/experiments/" + id_ + "/compare?metric=val/los", 400, "val/los"},
      {"/nothing", 404, "/nothing"},
  };
  for (const Case& one : cases) {
    const httplib::Result answer = server_.Get(one.path);
    ASSERT_TRUE(answer) << one.path;
    EXPECT_EQ(answer->status, one.status) << one.path;
    const Json error = Json::parse(answer->body, nullptr, false);
    ASSERT_TRUE(error.is_object()) << one.path << ": " << answer->body;
    EXPECT_THAT(error["error"]["message"].get<std::string>(), HasSubstr(one.message)) << one.path;
    EXPECT_NE(error["error"]["reason"], "") << one.path;
  }
}

TEST_F(ApiTest, ManyAskAtOnce) {
  std::vector<std::thread> readers;
  for (int i = 0; i < 16; ++i) {
    readers.emplace_back([this] {
      EXPECT_EQ(server_.Get("/api/v1/experiments/" + id_)->status, 200);
      EXPECT_EQ(server_.Get("/api/v1/metrics?experiment=" + id_ + "&name=train/loss")->status, 200);
    });
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace fp4::web
