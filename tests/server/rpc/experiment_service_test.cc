#include "server/rpc/experiment_service.h"

#include <gmock/gmock.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

google::rpc::BadRequest BadRequestOf(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  google::rpc::BadRequest request;
  for (const auto& detail : details.details()) detail.UnpackTo(&request);
  return request;
}

class ExperimentServiceTest : public ::testing::Test {
 protected:
  grpc::Status Create(const v1::CreateExperimentRequest& request,
                      v1::CreateExperimentResponse* response, const std::string& user = "") {
    grpc::ClientContext context;
    if (!user.empty()) context.AddMetadata("fp4-user", user);
    return server_.experiments().CreateExperiment(&context, request, response);
  }

  // Any unary method of the service.
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::ExperimentService::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    return (server_.experiments().*method)(&context, request, response);
  }

  static v1::CreateExperimentRequest Document(const std::string& text) {
    v1::CreateExperimentRequest request;
    request.set_document(text);
    request.set_document_name("demo.json");
    return request;
  }

  TestServer server_{{"/data/allowed"}};
};

TEST_F(ExperimentServiceTest, CreateQueuesOneRunForEachVariantAndSeed) {
  v1::CreateExperimentResponse response;
  ASSERT_TRUE(Create(Document(kDocument), &response, "ada").ok());
  const v1::Experiment& experiment = response.experiment();
  EXPECT_EQ(experiment.name(), "demo");
  EXPECT_EQ(experiment.created_by(), "ada");
  EXPECT_EQ(experiment.document(), kDocument);
  EXPECT_EQ(experiment.document_name(), "demo.json");
  std::vector<std::string> runs;
  for (const v1::Run& run : experiment.runs()) {
    runs.push_back(run.variant() + "/" + std::to_string(run.seed()));
    EXPECT_EQ(run.state(), v1::RUN_STATE_QUEUED);
    EXPECT_EQ(run.total_steps(), 40);
    EXPECT_NE(run.id(), "");
  }
  EXPECT_THAT(runs, ElementsAre("baseline/1", "baseline/2", "fp4/1", "fp4/2"));
}

TEST_F(ExperimentServiceTest, ValidateOnlyStoresNothing) {
  v1::CreateExperimentRequest request = Document(kDocument);
  request.set_validate_only(true);
  v1::CreateExperimentResponse response;
  ASSERT_TRUE(Create(request, &response).ok());
  EXPECT_THAT(response.experiment().runs(), SizeIs(4));
  EXPECT_EQ(response.experiment().id(), "");
  EXPECT_EQ(response.experiment().runs(0).id(), "");
  v1::ListExperimentsResponse list;
  ASSERT_TRUE(
      Call(&v1::ExperimentService::Stub::ListExperiments, v1::ListExperimentsRequest(), &list)
          .ok());
  EXPECT_THAT(list.experiments(), IsEmpty());
}

TEST_F(ExperimentServiceTest, ARequestIdMakesCreateIdempotent) {
  v1::CreateExperimentRequest request = Document(kDocument);
  request.set_request_id("once");
  v1::CreateExperimentResponse first, second;
  ASSERT_TRUE(Create(request, &first).ok());
  ASSERT_TRUE(Create(request, &second).ok());
  EXPECT_EQ(first.experiment().id(), second.experiment().id());

  request.add_overrides("training.steps=41");
  const grpc::Status status = Create(request, &second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOfCall(status), "REQUEST_ID_REUSED");
}

TEST_F(ExperimentServiceTest, EveryProblemOfADocumentIsAViolation) {
  v1::CreateExperimentRequest request = Document(R"({"schema_version": 1, "name": "x",
  "model": {"preset": "mikro"}, "data": {"source": "synthetic"},
  "training": {"stepps": 40}, "seeds": [1]})");
  v1::CreateExperimentResponse response;
  const grpc::Status status = Create(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOfCall(status), "INVALID_DOCUMENT");
  EXPECT_THAT(status.error_message(), HasSubstr("demo.json:2:"));
  const google::rpc::BadRequest details = BadRequestOf(status);
  ASSERT_GE(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "model.preset");
  EXPECT_THAT(details.field_violations(0).description(), HasSubstr("2:"));
  EXPECT_THAT(details.field_violations(0).description(), HasSubstr("micro"));
  EXPECT_EQ(details.field_violations(1).field(), "training.stepps");
}

TEST_F(ExperimentServiceTest, AVeryBrokenDocumentStillGivesAReadableAnswer) {
  std::string text = R"({"schema_version": 1, "name": "x")";
  for (int i = 0; i < 400; ++i) text += ",\n\"unknown_field_" + std::to_string(i) + "\": 1";
  v1::CreateExperimentResponse response;
  const grpc::Status status = Create(Document(text + "}"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_THAT(BadRequestOf(status).field_violations().rbegin()->description(), HasSubstr(" more"));
}

TEST_F(ExperimentServiceTest, AnOverrideIsNamedInItsViolation) {
  v1::CreateExperimentRequest request = Document(kDocument);
  request.add_overrides("training.steps=many");
  v1::CreateExperimentResponse response;
  const grpc::Status status = Create(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_GE(BadRequestOf(status).field_violations_size(), 1);
  EXPECT_THAT(BadRequestOf(status).field_violations(0).description(),
              HasSubstr("--set training.steps=many: "));
}

TEST_F(ExperimentServiceTest, PathsAreConfinedToTheAllowedRoots) {
  const std::string before = R"({"schema_version": 1, "name": "x", "model": {"preset": "micro"},
      "seeds": [1], "data": {"source": "text", "paths": [")";
  v1::CreateExperimentRequest request = Document(before + R"(/etc/passwd"]}})");
  request.set_validate_only(true);
  v1::CreateExperimentResponse response;
  const grpc::Status outside = Create(request, &response);
  EXPECT_EQ(outside.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOfCall(outside), "PATH_NOT_ALLOWED");
  EXPECT_EQ(BadRequestOf(outside).field_violations(0).field(), "data.paths");
  EXPECT_THAT(outside.error_message(), HasSubstr("/etc/passwd"));
  EXPECT_THAT(outside.error_message(), HasSubstr("--allow-path"));

  request.set_document(before + R"(/data/allowed/*.txt"]}})");
  EXPECT_TRUE(Create(request, &response).ok());

  request.set_document(before + R"(corpus/a.txt"]}})");
  const grpc::Status relative = Create(request, &response);
  EXPECT_EQ(ReasonOfCall(relative), "INVALID_DOCUMENT") << relative.error_message();
}

TEST_F(ExperimentServiceTest, IdsMayBeUnambiguousPrefixes) {
  const v1::Experiment experiment = server_.Submit();
  v1::GetExperimentRequest request;
  request.set_id(experiment.id().substr(0, 5));
  v1::Experiment found;
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::GetExperiment, request, &found).ok());
  EXPECT_EQ(found.SerializeAsString(), experiment.SerializeAsString());
}

TEST_F(ExperimentServiceTest, UnknownIdsAreNotFound) {
  v1::GetRunRequest request;
  request.set_id("zzzzzzzz");
  v1::Run run;
  const grpc::Status status = Call(&v1::ExperimentService::Stub::GetRun, request, &run);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOfCall(status), "NOT_FOUND");
}

TEST_F(ExperimentServiceTest, GetRunSaysWhyItWaits) {
  const v1::Experiment experiment = server_.Submit();
  const v1::Run run = server_.GetRun(experiment.runs(0).id());
  EXPECT_THAT(run.message(), HasSubstr("worker"));
  EXPECT_THAT(run.resolved_document(), HasSubstr("\"seeds\""));
}

TEST_F(ExperimentServiceTest, EveryAnswerSaysWhyRunsWait) {
  v1::CreateExperimentResponse created;
  ASSERT_TRUE(Create(Document(kDocument), &created).ok());
  v1::ListRunsRequest list;
  list.set_experiment_id(created.experiment().id());
  v1::ListRunsResponse runs;
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::ListRuns, list, &runs).ok());
  v1::GetExperimentRequest get;
  get.set_id(created.experiment().id());
  v1::Experiment experiment;
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::GetExperiment, get, &experiment).ok());
  for (const auto& all : {created.experiment().runs(), runs.runs(), experiment.runs()}) {
    ASSERT_THAT(all, Not(IsEmpty()));
    for (const v1::Run& run : all) EXPECT_EQ(run.message(), "no worker is connected");
  }
}

TEST_F(ExperimentServiceTest, ListsPageNewestFirst) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(ids.begin(), server_.Submit().id());
  v1::ListExperimentsRequest request;
  request.set_page_size(2);
  std::vector<std::string> listed;
  do {
    v1::ListExperimentsResponse page;
    ASSERT_TRUE(Call(&v1::ExperimentService::Stub::ListExperiments, request, &page).ok());
    for (const v1::Experiment& experiment : page.experiments()) listed.push_back(experiment.id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, ids);
}

TEST_F(ExperimentServiceTest, ListRunsFiltersByState) {
  const v1::Experiment experiment = server_.Submit();
  v1::CancelRunRequest cancel;
  cancel.set_id(experiment.runs(2).id());
  v1::Run cancelled;
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::CancelRun, cancel, &cancelled).ok());
  EXPECT_EQ(cancelled.state(), v1::RUN_STATE_CANCELLED);

  v1::ListRunsRequest request;
  request.set_experiment_id(experiment.id());
  request.add_states(v1::RUN_STATE_CANCELLED);
  v1::ListRunsResponse runs;
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::ListRuns, request, &runs).ok());
  ASSERT_THAT(runs.runs(), SizeIs(1));
  EXPECT_EQ(runs.runs(0).id(), cancelled.id());
}

TEST_F(ExperimentServiceTest, ListsRefuseBadPages) {
  v1::ListRunsRequest request;
  request.set_page_size(-1);
  v1::ListRunsResponse runs;
  EXPECT_EQ(Call(&v1::ExperimentService::Stub::ListRuns, request, &runs).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_page_size(0);
  request.set_page_token("made up");
  EXPECT_EQ(Call(&v1::ExperimentService::Stub::ListRuns, request, &runs).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ExperimentServiceTest, DeleteWaitsForTheRuns) {
  const v1::Experiment experiment = server_.Submit();
  v1::DeleteExperimentRequest remove;
  remove.set_id(experiment.id());
  v1::DeleteExperimentResponse nothing;
  const grpc::Status early = Call(&v1::ExperimentService::Stub::DeleteExperiment, remove, &nothing);
  EXPECT_EQ(early.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOfCall(early), "RUNS_ACTIVE");

  v1::CancelExperimentRequest cancel;
  cancel.set_id(experiment.id());
  v1::Experiment cancelled;
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::CancelExperiment, cancel, &cancelled).ok());
  EXPECT_EQ(cancelled.num_finished(), 4);
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::DeleteExperiment, remove, &nothing).ok());
  v1::GetExperimentRequest get;
  get.set_id(experiment.id());
  EXPECT_EQ(Call(&v1::ExperimentService::Stub::GetExperiment, get, &cancelled).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ExperimentServiceTest, OnlyWhatEndedBadlyIsRetried) {
  const v1::Experiment experiment = server_.Submit();
  v1::RetryRunRequest retry;
  retry.set_id(experiment.runs(0).id());
  v1::Run run;
  const grpc::Status refused = Call(&v1::ExperimentService::Stub::RetryRun, retry, &run);
  EXPECT_EQ(ReasonOfCall(refused), "ILLEGAL_TRANSITION");

  v1::CancelRunRequest cancel;
  cancel.set_id(retry.id());
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::CancelRun, cancel, &run).ok());
  ASSERT_TRUE(Call(&v1::ExperimentService::Stub::RetryRun, retry, &run).ok());
  EXPECT_EQ(run.state(), v1::RUN_STATE_QUEUED);
}

}  // namespace
}  // namespace fp4::rpc
