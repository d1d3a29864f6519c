#include "server/rpc/admin_service.h"

#include <gmock/gmock.h>

#include <future>
#include <map>

#include "base/file.h"
#include "server/artifacts/restore.h"
#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

class AdminServiceTest : public ::testing::Test {
 protected:
  grpc::Status Drain(const std::string& id, bool now, v1::Worker* worker = nullptr) {
    grpc::ClientContext context;
    v1::DrainWorkerRequest request;
    request.set_id(id);
    request.set_now(now);
    v1::DrainWorkerResponse response;
    const grpc::Status status = server_.admin().DrainWorker(&context, request, &response);
    if (worker != nullptr) *worker = response.worker();
    return status;
  }
  grpc::Status Enable(const std::string& id) {
    grpc::ClientContext context;
    v1::EnableWorkerRequest request;
    request.set_id(id);
    v1::EnableWorkerResponse response;
    return server_.admin().EnableWorker(&context, request, &response);
  }
  grpc::Status Backup(const std::filesystem::path& folder, v1::BackupResponse* response) {
    grpc::ClientContext context;
    v1::BackupRequest request;
    request.set_folder(folder.string());
    return server_.admin().Backup(&context, request, response);
  }

  TestServer server_;
};

TEST_F(AdminServiceTest, ADrainedWorkerGetsNoRunUntilItIsEnabledOverARestart) {
  TestWorker worker(server_.workers(), "host:1", 1);
  v1::Worker drained;
  ASSERT_TRUE(Drain("host:1", false, &drained).ok());
  EXPECT_EQ(drained.drain(), v1::Worker::DRAINING);
  server_.Submit();
  EXPECT_EQ(worker.Acquire(absl::ZeroDuration()).assignments_size(), 0);
  server_.Restart();
  TestWorker again(server_.workers(), "host:1", 1);
  EXPECT_EQ(again.Acquire(absl::ZeroDuration()).assignments_size(), 0);
  ASSERT_TRUE(Enable("host:1").ok());
  EXPECT_EQ(again.Acquire().assignments_size(), 1);
  EXPECT_EQ(ReasonOfCall(Drain("nobody", false)), "NOT_FOUND");
}

TEST_F(AdminServiceTest, ARunOnAWorkerThatIsDrainedNowStopsAndGoesOnElsewhere) {
  TestWorker worker(server_.workers(), "host:1", 1);
  server_.Submit();
  const v1::Assignment run = worker.Take();
  ASSERT_TRUE(Drain("host:1", true).ok());
  const v1::AcquireResponse told = worker.Acquire();
  ASSERT_EQ(told.stop_size(), 1);
  EXPECT_EQ(told.stop(0).run_id(), run.run_id());
  ASSERT_TRUE(worker.Exit(run, 3).ok());
  EXPECT_EQ(server_.GetRun(run.run_id()).state(), v1::RUN_STATE_QUEUED);
  EXPECT_EQ(server_.GetRun(run.run_id()).num_restarts(), 0);
  TestWorker other(server_.workers(), "other:2", 1);
  EXPECT_EQ(other.Acquire().assignments_size(), 1);
}

TEST_F(AdminServiceTest, ABackupHoldsWhatThereIsAndIsRestoredIntoANewFolderOnly) {
  const v1::Experiment experiment = server_.Submit();
  const std::filesystem::path backup = server_.folder() / "backup";
  v1::BackupResponse response;
  const grpc::Status status = Backup(backup, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(response.database_bytes(), 0);
  EXPECT_EQ(Backup(backup, &response).error_code(), grpc::StatusCode::ALREADY_EXISTS);

  const std::filesystem::path fresh = server_.folder() / "fresh";
  std::filesystem::create_directories(fresh);
  ASSERT_EQ(artifacts::Restore(backup, fresh, fresh / "artifacts"), absl::OkStatus());
  auto store = store::Store::Open({.folder = fresh}, SystemClock(), RandomIds(), nullptr);
  ASSERT_TRUE(store.ok());
  std::promise<absl::StatusOr<store::ExperimentRecord>> found;
  (*store)->Read(
      [&](store::Reader& reader) { found.set_value(reader.GetExperiment(experiment.id())); });
  EXPECT_EQ(found.get_future().get()->num_runs, experiment.num_runs());
  store->reset();
  EXPECT_TRUE(absl::IsFailedPrecondition(artifacts::Restore(backup, fresh, fresh / "artifacts")));
}

TEST_F(AdminServiceTest, ADamagedBackupIsRefusedBeforeAnythingIsMade) {
  server_.Submit();
  const std::filesystem::path backup = server_.folder() / "backup";
  v1::BackupResponse response;
  ASSERT_TRUE(Backup(backup, &response).ok());
  std::string database = *ReadFile(backup / "fp4.db");
  database[database.size() / 2] ^= 1;
  ASSERT_EQ(ReplaceFile(backup / "fp4.db", database), absl::OkStatus());
  const std::filesystem::path fresh = server_.folder() / "fresh";
  std::filesystem::create_directories(fresh);
  EXPECT_TRUE(absl::IsDataLoss(artifacts::Restore(backup, fresh, fresh / "artifacts")));
  EXPECT_FALSE(std::filesystem::exists(fresh / "fp4.db"));
}

TEST_F(AdminServiceTest, ABackupOutsideTheAllowedFoldersOrOfARelativeNameIsRefused) {
  v1::BackupResponse response;
  EXPECT_EQ(ReasonOfCall(Backup("/elsewhere/backup", &response)), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ReasonOfCall(Backup("backup", &response)), "INVALID_ARGUMENT");
}

TEST_F(AdminServiceTest, DiagnoseLooksAtControllerAndWorkers) {
  TestWorker worker(server_.workers(), "host:1", 1);
  grpc::ClientContext context;
  v1::DiagnoseResponse response;
  ASSERT_TRUE(server_.admin().Diagnose(&context, v1::DiagnoseRequest(), &response).ok());
  std::map<std::string, bool> found;
  for (const v1::Diagnosis& one : response.diagnoses()) {
    found[one.subject() + "/" + one.check()] = one.ok();
  }
  EXPECT_TRUE(found.at("controller/database"));
  EXPECT_TRUE(found.at("controller/integrity"));
  EXPECT_TRUE(found.at("controller/disk"));
  EXPECT_TRUE(found.at("host:1/connection"));
  EXPECT_TRUE(found.contains("host:1/version"));
}

}  // namespace
}  // namespace fp4::rpc
