#include "client/export/mlflow_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/client/export/series.h"

namespace fp4::client {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

struct Asked {
  std::string method, path, body;
};

// Answers by what a request's path contains, and remembers what was asked.
struct FakeServer {
  std::vector<std::pair<std::string, HttpResponse>> answers;
  std::vector<Asked> asked = {};

  HttpCall Call() {
    return [this](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
      asked.push_back({request.method, request.path, request.body});
      for (const auto& [part, response] : answers) {
        if (request.path.find(part) != std::string::npos) return response;
      }
      return HttpResponse{.status = 200, .body = "{}"};
    };
  }

  // The bodies of the requests whose path contains the text.
  std::vector<Json> Bodies(const std::string& part) const {
    std::vector<Json> bodies;
    for (const Asked& one : asked) {
      if (one.path.find(part) != std::string::npos) bodies.push_back(Json::parse(one.body));
    }
    return bodies;
  }

  size_t Count(const std::string& part) const {
    size_t count = 0;
    for (const Asked& one : asked) count += one.path.find(part) != std::string::npos ? 1 : 0;
    return count;
  }
};

constexpr char kRunInfo[] =
    R"({"info": {"run_id": "abc", "artifact_uri": "mlflow-artifacts:/7/abc/artifacts"}})";

FakeServer ServerWithoutTheRun() {
  return {.answers = {{"runs/create", {200, absl::StrCat(R"({"run": )", kRunInfo, "}")}}}};
}

FakeServer ServerWithTheRun() {
  return {.answers = {{"runs/search", {200, absl::StrCat(R"({"runs": [)", kRunInfo, "]}")}}}};
}

v1::Experiment DemoExperiment() {
  v1::Experiment experiment;
  experiment.set_id("k7x2m9qd");
  experiment.set_name("demo & more");
  experiment.set_project("team");
  return experiment;
}

TEST(MlflowServerTest, AnExperimentThatIsNotThereIsMadeWithItsTags) {
  FakeServer fake{
      .answers = {{"get-by-name", {404, R"({"error_code": "RESOURCE_DOES_NOT_EXIST"})"}},
                  {"experiments/create", {200, R"({"experiment_id": "7"})"}}}};
  MlflowServer server(fake.Call());
  const absl::StatusOr<std::string> id = server.StoreExperiment(DemoExperiment());
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, "7");
  EXPECT_THAT(fake.asked[0].path, HasSubstr("experiment_name=demo%20%26%20more%20%28k7x2m9qd%29"));
  const Json made = fake.Bodies("experiments/create").at(0);
  EXPECT_EQ(made["name"], "demo & more (k7x2m9qd)");
  EXPECT_EQ(made["tags"], Json::parse(R"([{"key": "fp4.experiment", "value": "k7x2m9qd"},
                                          {"key": "fp4.project", "value": "team"}])"));
}

TEST(MlflowServerTest, AnExperimentThatIsThereIsTaken) {
  FakeServer fake{
      .answers = {
          {"get-by-name",
           {200, R"({"experiment": {"experiment_id": "9", "lifecycle_stage": "active"}})"}}}};
  MlflowServer server(fake.Call());
  EXPECT_EQ(server.StoreExperiment(DemoExperiment()).value_or("none"), "9");
  EXPECT_EQ(fake.Count("experiments/create"), 0);
}

TEST(MlflowServerTest, ADeletedExperimentIsNotWrittenInto) {
  FakeServer fake{
      .answers = {
          {"get-by-name",
           {200, R"({"experiment": {"experiment_id": "9", "lifecycle_stage": "deleted"}})"}}}};
  MlflowServer server(fake.Call());
  const absl::Status refused = server.StoreExperiment(DemoExperiment()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("was deleted there"));
}

TEST(MlflowServerTest, PointsGoInBatchesThatMlflowTakesAndToTheLastBit) {
  std::vector<std::pair<int64_t, double>> points;
  for (int64_t step = 0; step < 2001; ++step) points.emplace_back(step, std::nextafter(2.5, 3));
  points[1].second = NAN;
  points[2].second = -INFINITY;
  FakeServer fake = ServerWithoutTheRun();
  MlflowServer server(fake.Call());
  ASSERT_TRUE(server.StoreRun("7", MakeRecord({MakeSeries("train/loss", points)})).ok());
  std::vector<size_t> sizes;
  std::vector<Json> sent;
  for (const Json& body : fake.Bodies("log-batch")) {
    if (!body.contains("metrics")) continue;
    sizes.push_back(body["metrics"].size());
    sent.insert(sent.end(), body["metrics"].begin(), body["metrics"].end());
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{1000, 1000, 1}));
  EXPECT_EQ(sent[0], Json::parse(R"({"key": "train/loss", "value": 2.5000000000000004,
                                     "timestamp": 1000000, "step": 0})"));
  EXPECT_EQ(sent[1]["value"], "NaN");
  EXPECT_EQ(sent[2]["value"], "-Infinity");
  EXPECT_EQ(sent[2000]["step"], 2000);
}

TEST(MlflowServerTest, ANewRunBringsNameParametersStateAndArtifacts) {
  FakeServer fake = ServerWithoutTheRun();
  MlflowServer server(fake.Call());
  EXPECT_EQ(server.StoreRun("7", MakeRecord({})).value_or("none"), "abc");
  const Json made = fake.Bodies("runs/create").at(0);
  EXPECT_EQ(made["run_name"], "fp4 seed 2");
  EXPECT_EQ(made["experiment_id"], "7");
  EXPECT_EQ(fake.Bodies("log-batch").at(0)["params"][1],
            Json::parse(R"({"key": "model.d_model", "value": "64"})"));
  EXPECT_EQ(fake.Bodies("runs/update").at(0),
            Json::parse(R"({"run_id": "abc", "status": "FINISHED", "end_time": 1060000})"));
  EXPECT_EQ(fake.Count("/api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/document.json"), 1);
  EXPECT_EQ(fake.Count("/artifacts/started.json"), 1);
}

TEST(MlflowServerTest, ARunThatWasSentBeforeIsFoundByItsTagAndNotMadeAgain) {
  FakeServer fake = ServerWithTheRun();
  MlflowServer server(fake.Call());
  EXPECT_EQ(server.StoreRun("7", MakeRecord({})).value_or("none"), "abc");
  EXPECT_EQ(fake.Count("runs/create"), 0);
  EXPECT_EQ(fake.Bodies("runs/search").at(0)["filter"], "tags.`fp4.run` = 'b2c3d4e5'");
}

TEST(MlflowServerTest, ArtifactsElsewhereAreNotSent) {
  FakeServer fake{
      .answers = {
          {"runs/search",
           {200, R"({"runs": [{"info": {"run_id": "abc", "artifact_uri": "s3://bucket/7"}}]})"}}}};
  MlflowServer server(fake.Call());
  EXPECT_TRUE(server.StoreRun("7", MakeRecord({})).ok());
  EXPECT_EQ(fake.Count("mlflow-artifacts"), 0);
}

TEST(MlflowServerTest, ARefusalIsTheServersOwnWords) {
  const struct {
    HttpResponse response;
    absl::StatusCode code;
    const char* text;
  } cases[] = {{{400, R"({"error_code": "INVALID_PARAMETER_VALUE", "message": "no such key"})"},
                absl::StatusCode::kFailedPrecondition,
                "400 INVALID_PARAMETER_VALUE no such key"},
               {{401, "You are not authenticated"},
                absl::StatusCode::kPermissionDenied,
                "You are not authenticated"},
               {{200, "<html>some other server</html>"},
                absl::StatusCode::kInternal,
                "as no MLflow server gives it"}};
  for (const auto& one : cases) {
    FakeServer fake{.answers = {{"runs/create", one.response}}};
    MlflowServer server(fake.Call());
    const absl::Status refused = server.StoreRun("7", MakeRecord({})).status();
    EXPECT_EQ(refused.code(), one.code) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(one.text));
  }
}

}  // namespace
}  // namespace fp4::client
