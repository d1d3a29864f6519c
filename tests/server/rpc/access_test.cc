// Who may call what, over a real connection: every method of every service of proto/, with
// every kind of identity.
#include <functional>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "fp4/v1/access.grpc.pb.h"
#include "gmock/gmock.h"
#include "server/access/rules.h"
#include "server/access/token.h"
#include "tests/server/rpc/raw_call.h"
#include "tests/server/rpc/test_server.h"
#include "wire/channel.h"
#include "wire/services.h"

namespace fp4::rpc {
namespace {

using access::Role;
using ::testing::HasSubstr;

constexpr char kOfAProject[] = R"({
  "schema_version": 1, "name": "demo", "project": "vision",
  "model": {"preset": "micro"}, "data": {"source": "synthetic"},
  "training": {"steps": 40, "eval_interval": 20}, "resources": {"gpus": 0},
  "variants": {"baseline": {}}
})";

class AccessTest : public ::testing::Test {
 protected:
  // From the first one on everybody is asked.
  std::string MakeToken(const std::string& name, Role role,
                        const std::vector<std::string>& projects = {},
                        const std::function<void(access::TokenRecord&)>& change = nullptr) {
    const access::TokenText text = access::NewToken(RandomIds().NewId());
    access::TokenRecord token{.id = text.id,
                              .sha256 = access::HashSecret(text.secret),
                              .name = name,
                              .role = role,
                              .projects = projects};
    if (change) change(token);
    server_.gatekeeper().Put(token);
    return text.ToString();
  }

  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& token) {
    return wire::OpenChannel(server_.address().ToString(), {.tls = {}, .token = token});
  }

  // A call with an empty request. Of a stream only how it ends.
  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel,
                           const std::string& method) {
    return RawCall(channel, wire::FullMethodName(method), {});
  }

  TestServer server_;
};

TEST_F(AccessTest, WithoutAGoodIdentityEveryMethodIsUnauthenticated) {
  MakeToken("admin", Role::kAdmin);
  const absl::Time past = absl::Now() - absl::Hours(1);
  const std::string expired =
      MakeToken("old", Role::kAdmin, {}, [&](auto& t) { t.expire_time = past; });
  const std::string revoked =
      MakeToken("gone", Role::kAdmin, {}, [&](auto& t) { t.revoke_time = past; });
  const std::string unknown = access::NewToken("unknown0").ToString();
  // One that has failed too often is told to wait instead, which is another test's matter.
  for (const std::string& token : {std::string(), expired, revoked, unknown}) {
    const auto channel = ChannelOf(token);
    for (const std::string& method : wire::MethodNames()) {
      const grpc::Status status = Call(channel, method);
      const bool waits = status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
                         ReasonOfCall(status) == reason::kTooManyCalls;
      EXPECT_TRUE(waits || (status.error_code() == grpc::StatusCode::UNAUTHENTICATED &&
                            ReasonOfCall(status) == reason::kUnauthenticated))
          << method << ": " << status.error_message();
    }
  }
}

TEST_F(AccessTest, TheRoleDecidesForEveryMethodAsTheTableSays) {
  for (const access::RoleInfo& role : access::AllRoles()) {
    const auto channel =
        ChannelOf(MakeToken(absl::StrCat("some-", std::string(role.name)), role.role));
    const access::Caller caller{.name = "", .role = role.role};
    for (const std::string& method : wire::MethodNames()) {
      const access::Rule* rule = access::FindRpcRule(method);
      ASSERT_NE(rule, nullptr) << method << ": add a row to server/access/rules.cc";
      const grpc::Status status = Call(channel, method);
      const bool refused_by_role = status.error_code() == grpc::StatusCode::PERMISSION_DENIED &&
                                   status.error_message().find("has the role") != std::string::npos;
      EXPECT_EQ(!refused_by_role, CheckRole(*rule, caller).ok())
          << role.name << " " << method << ": " << status.error_message();
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
      if (refused_by_role) {
        EXPECT_EQ(ReasonOfCall(status), reason::kPermissionDenied);
      }
    }
  }
}

TEST_F(AccessTest, ASubmitterChangesExperimentsOfItsProjectsOnly) {
  const v1::Experiment experiment = server_.Submit(kOfAProject);
  const std::string run = experiment.runs(0).id();
  for (const auto& [project, allowed] : {std::pair("audio", false), {"vision", true}}) {
    const auto channel = ChannelOf(MakeToken(project, Role::kSubmitter, {project}));
    v1::ExperimentService::Stub stub(channel);
    v1::CreateExperimentRequest create;
    create.set_document(kOfAProject);
    v1::CreateExperimentResponse created;
    v1::CancelRunRequest cancel;
    cancel.set_id(run);
    v1::CancelExperimentRequest cancel_all;
    cancel_all.set_id(experiment.id());
    v1::RetryRunRequest retry;
    retry.set_id(run);
    v1::DeleteExperimentRequest remove;
    remove.set_id(experiment.id());
    v1::Run changed;
    v1::Experiment experiment_changed;
    v1::DeleteExperimentResponse removed;
    const auto check = [&, allowed = allowed](const char* what, const grpc::Status& status) {
      EXPECT_EQ(status.error_code() != grpc::StatusCode::PERMISSION_DENIED, allowed)
          << what << ": " << status.error_message();
      EXPECT_EQ(status.ok(), allowed) << what << ": " << status.error_message();
    };
    grpc::ClientContext contexts[5];
    check("create", stub.CreateExperiment(&contexts[0], create, &created));
    check("cancel run", stub.CancelRun(&contexts[1], cancel, &changed));
    check("retry", stub.RetryRun(&contexts[2], retry, &changed));
    check("cancel", stub.CancelExperiment(&contexts[3], cancel_all, &experiment_changed));
    check("delete", stub.DeleteExperiment(&contexts[4], remove, &removed));
    if (allowed) {
      EXPECT_EQ(created.experiment().created_by(), "vision");
    }
  }
}

TEST_F(AccessTest, AWorkerWritesForItsOwnLeasesOnly) {
  server_.Submit(kOfAProject);
  const auto mine = ChannelOf(MakeToken("gpu1", Role::kWorker));
  const auto others = ChannelOf(MakeToken("gpu2", Role::kWorker));
  v1::WorkerService::Stub my_calls(mine), other_calls(others);
  v1::CheckpointService::Stub other_checkpoints(others);
  TestWorker worker(my_calls, "gpu1:a", 1), other(other_calls, "gpu2:b", 1);
  const v1::Assignment run = worker.Take();
  ASSERT_FALSE(run.run_id().empty());
  grpc::ClientContext contexts[7];
  v1::AcquireResponse acquired;
  v1::RenewLeasesRequest renew;
  renew.set_worker_id(worker.id());
  renew.set_incarnation(worker.AcquireRequest(absl::ZeroDuration()).incarnation());
  v1::RenewLeasesResponse renewed;
  v1::ReportEventsRequest report;
  report.set_worker_id(worker.id());
  report.set_run_id(run.run_id());
  report.set_attempt(run.attempt());
  v1::ReportEventsResponse reported;
  v1::ReportExitRequest exit;
  exit.set_worker_id(worker.id());
  exit.set_run_id(run.run_id());
  exit.set_attempt(run.attempt());
  exit.set_cause(v1::ReportExitRequest::EXITED);
  v1::ReportExitResponse exited;
  v1::OfferCheckpointsRequest offer;
  offer.set_worker_id(worker.id());
  offer.set_incarnation(renew.incarnation());
  offer.set_run_id(run.run_id());
  v1::OfferCheckpointsResponse offered;
  v1::UploadCheckpointRequest upload;
  upload.set_worker_id(worker.id());
  upload.set_run_id(run.run_id());
  v1::UploadCheckpointResponse uploaded;
  v1::DownloadCheckpointRequest download;
  download.set_run_id(run.run_id());
  v1::DownloadCheckpointResponse piece;
  auto stream = other_checkpoints.DownloadCheckpoint(&contexts[6], download);
  EXPECT_FALSE(stream->Read(&piece));
  const grpc::Status results[] = {
      other_calls.Acquire(&contexts[0], worker.AcquireRequest(absl::ZeroDuration()), &acquired),
      other_calls.RenewLeases(&contexts[1], renew, &renewed),
      other_calls.ReportEvents(&contexts[2], report, &reported),
      other_calls.ReportExit(&contexts[3], exit, &exited),
      other_checkpoints.OfferCheckpoints(&contexts[4], offer, &offered),
      other_checkpoints.UploadCheckpoint(&contexts[5], upload, &uploaded),
      stream->Finish()};
  for (const grpc::Status& status : results) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
    EXPECT_EQ(ReasonOfCall(status), reason::kPermissionDenied);
  }
  // Under its own name it may not write for the other's run either.
  report.set_worker_id(other.id());
  grpc::ClientContext own_name;
  EXPECT_EQ(ReasonOfCall(other_calls.ReportEvents(&own_name, report, &reported)),
            reason::kStaleAttempt);
  worker.RunToCompletion(run, 2);
}

TEST_F(AccessTest, TokensAreMadeByCallTheFirstOneForAnAdministrator) {
  v1::AccessService::Stub open(ChannelOf(""));
  v1::CreateTokenRequest request;
  request.set_name("ann");
  request.set_role("viewer");
  v1::CreateTokenResponse made;
  grpc::ClientContext contexts[7];
  EXPECT_EQ(ReasonOfCall(open.CreateToken(&contexts[0], request, &made)), reason::kFirstToken);
  request.set_role("admin");
  ASSERT_TRUE(open.CreateToken(&contexts[1], request, &made).ok());
  EXPECT_EQ(ReasonOfCall(open.CreateToken(&contexts[2], request, &made)), reason::kUnauthenticated);

  const auto channel = ChannelOf(made.text());
  v1::AccessService::Stub ann(channel);
  EXPECT_EQ(ReasonOfCall(ann.CreateToken(&contexts[3], request, &made)), reason::kAlreadyExists);
  v1::RevokeTokenRequest revoke;
  revoke.set_id("ann");
  v1::RevokeTokenResponse revoked;
  ASSERT_TRUE(ann.RevokeToken(&contexts[4], revoke, &revoked).ok());
  EXPECT_TRUE(revoked.token().has_revoke_time());
  v1::ListTokensResponse tokens;
  EXPECT_EQ(ReasonOfCall(ann.ListTokens(&contexts[5], {}, &tokens)), reason::kUnauthenticated);
}

TEST_F(AccessTest, ChangesAndRefusalsAreAuditedWithWhoAndWhatAndNeverAToken) {
  const std::string admin = MakeToken("root", Role::kAdmin);
  const std::string viewer = MakeToken("eve", Role::kViewer);
  EXPECT_FALSE(Call(ChannelOf(viewer), "AdminService/Backup").ok());
  v1::AccessService::Stub root(ChannelOf(admin));
  v1::RevokeTokenRequest revoke;
  revoke.set_id("nobody");
  v1::RevokeTokenResponse revoked;
  grpc::ClientContext contexts[2];
  EXPECT_FALSE(root.RevokeToken(&contexts[0], revoke, &revoked).ok());
  v1::ListAuditResponse all;
  // The rows follow the answers with a commit. Asked without a pause they are too many calls where
  // that takes long.
  while (all.entries_size() < 2) {
    grpc::ClientContext context;
    ASSERT_TRUE(root.ListAudit(&context, {}, &all).ok());
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(all.entries(0).who(), "root");
  EXPECT_EQ(all.entries(0).action(), "AccessService/RevokeToken");
  EXPECT_EQ(all.entries(0).subject(), "nobody");
  EXPECT_EQ(all.entries(0).code(), "NOT_FOUND");
  EXPECT_EQ(all.entries(1).who(), "eve");
  EXPECT_EQ(all.entries(1).role(), "viewer");
  EXPECT_EQ(all.entries(1).code(), "PERMISSION_DENIED");
  EXPECT_THAT(all.entries(1).address(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(all.DebugString().find(viewer), std::string::npos);
}

TEST_F(AccessTest, ADocumentWithASecretIsRefusedWithThePlaceAndNotKept) {
  v1::ExperimentService::Stub stub(ChannelOf(""));
  v1::CreateExperimentRequest request;
  request.set_document("{\n  \"description\": \"" + access::NewToken("abcdefgh").ToString() +
                       "\"}");
  v1::CreateExperimentResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub.CreateExperiment(&context, request, &response);
  EXPECT_EQ(ReasonOfCall(status), reason::kSecretInDocument);
  EXPECT_THAT(status.error_message(), HasSubstr("a token of fp4lab"));
  EXPECT_EQ(status.error_details().find("fp4_abcdefgh"), std::string::npos);
  EXPECT_THAT(status.error_details(), HasSubstr("2:19"));
}

}  // namespace
}  // namespace fp4::rpc
