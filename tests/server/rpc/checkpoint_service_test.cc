#include "server/rpc/checkpoint_service.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/sha256.h"
#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kOneRun[] = R"({"schema_version": 1, "name": "one", "model": {"preset": "micro"},
  "data": {"source": "synthetic"}, "training": {"steps": 40, "eval_interval": 10},
  "checkpoint": {"interval_steps": 10, "keep_last": 2, "keep_best": 1}})";

// A run that has told of checkpoints at its steps, and the worker that wrote them.
class CheckpointServiceTest : public ::testing::Test {
 protected:
  CheckpointServiceTest() : worker_(server_.workers(), "host:1", 1) {
    server_.Submit(kOneRun);
    run_ = worker_.Take();
  }

  static std::string StateAt(int64_t step) {
    std::string state(3'000'000, '\0');
    for (size_t i = 0; i < state.size(); ++i) state[i] = static_cast<char>(i * 31 + i / 7 + step);
    return state;
  }
  void Tell(int64_t step) {
    v1::Event event;
    event.set_attempt(run_.attempt());
    event.set_seq(++seq_);
    event.mutable_checkpoint()->set_path("/work/step-" + std::to_string(step));
    event.mutable_checkpoint()->set_step(step);
    event.mutable_checkpoint()->set_bytes(static_cast<int64_t>(StateAt(step).size()));
    event.mutable_checkpoint()->set_sha256(Sha256Hex(StateAt(step)));
    ASSERT_TRUE(worker_.Report(run_, {event}).ok());
  }
  void TellLoss(int64_t step, double loss) {
    ASSERT_TRUE(
        worker_.Report(run_, {MetricsAt(++seq_, run_.attempt(), step, "val/loss", loss)}).ok());
  }

  // What the controller wants of these.
  std::vector<int64_t> Offer(const std::vector<int64_t>& steps) {
    v1::OfferCheckpointsRequest request;
    request.set_worker_id(worker_.id());
    request.set_incarnation(worker_.AcquireRequest(absl::ZeroDuration()).incarnation());
    request.set_run_id(run_.run_id());
    for (int64_t step : steps) {
      v1::OfferedCheckpoint* offered = request.add_checkpoints();
      offered->set_step(step);
      offered->set_attempt(run_.attempt());
      offered->set_bytes(static_cast<int64_t>(StateAt(step).size()));
      offered->set_sha256(Sha256Hex(StateAt(step)));
      offered->set_path("/work/step-" + std::to_string(step));
    }
    grpc::ClientContext context;
    v1::OfferCheckpointsResponse response;
    const grpc::Status status =
        server_.checkpoints().OfferCheckpoints(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<int64_t> wanted;
    for (const v1::WantedCheckpoint& one : response.wanted()) wanted.push_back(one.step());
    return wanted;
  }

  v1::UploadCheckpointRequest Piece(int64_t step, int64_t offset, size_t size) const {
    const std::string state = StateAt(step);
    v1::UploadCheckpointRequest piece;
    piece.set_worker_id(worker_.id());
    piece.set_run_id(run_.run_id());
    piece.set_step(step);
    piece.set_attempt(run_.attempt());
    piece.set_bytes(static_cast<int64_t>(state.size()));
    piece.set_sha256(Sha256Hex(state));
    piece.set_manifest("{\"step\": " + std::to_string(step) + "}");
    piece.set_offset(offset);
    piece.set_data(state.substr(offset, size));
    piece.set_crc32c(Crc32c(piece.data()));
    return piece;
  }
  grpc::Status Send(const v1::UploadCheckpointRequest& piece,
                    v1::UploadCheckpointResponse& response) {
    grpc::ClientContext context;
    response.Clear();
    return server_.checkpoints().UploadCheckpoint(&context, piece, &response);
  }
  void Upload(int64_t step) {
    v1::UploadCheckpointResponse response;
    for (int64_t offset = 0; !response.stored(); offset = response.next_offset()) {
      const grpc::Status status = Send(Piece(step, offset, 1 << 20), response);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  }
  void TellAndUpload(int64_t step) {
    Tell(step);
    ASSERT_THAT(Offer({step}), ElementsAre(step));
    Upload(step);
  }

  std::vector<v1::CheckpointRecord> List() {
    grpc::ClientContext context;
    v1::ListCheckpointsRequest request;
    request.set_run_id(run_.run_id());
    v1::ListCheckpointsResponse response;
    EXPECT_TRUE(server_.checkpoints().ListCheckpoints(&context, request, &response).ok());
    return {response.checkpoints().begin(), response.checkpoints().end()};
  }
  std::vector<int64_t> StoredSteps() {
    std::vector<int64_t> steps;
    for (const v1::CheckpointRecord& one : List()) {
      if (one.stored()) steps.push_back(one.step());
    }
    return steps;
  }

  // The state from `offset` on.
  grpc::Status Download(int64_t step, int64_t offset, std::string& state) {
    grpc::ClientContext context;
    v1::DownloadCheckpointRequest request;
    request.set_run_id(run_.run_id());
    request.set_step(step);
    request.set_offset(offset);
    auto stream = server_.checkpoints().DownloadCheckpoint(&context, request);
    state.clear();
    for (v1::DownloadCheckpointResponse message; stream->Read(&message);) {
      EXPECT_EQ(Crc32c(message.data()), message.crc32c());
      state += message.data();
    }
    return stream->Finish();
  }
  std::filesystem::path FolderOf(int64_t step) {
    return server_.artifacts().folder().CheckpointPath({run_.run_id(), {step, run_.attempt()}});
  }

  TestServer server_;
  TestWorker worker_;
  v1::Assignment run_;
  int64_t seq_ = 0;
};

TEST_F(CheckpointServiceTest, WhatIsUploadedComesBackByteForByteFromAnyOffset) {
  TellAndUpload(10);
  std::string state;
  ASSERT_TRUE(Download(10, 0, state).ok());
  EXPECT_EQ(state, StateAt(10));
  ASSERT_TRUE(Download(-1, 1'500'001, state).ok());  // the newest
  EXPECT_EQ(state, StateAt(10).substr(1'500'001));
  EXPECT_EQ(ReadFile(FolderOf(10) / "manifest.json").value(), "{\"step\": 10}");
}

TEST_F(CheckpointServiceTest, AnUploadGoesOnWhereItStoppedAfterARestartOfTheController) {
  Tell(10);
  v1::UploadCheckpointResponse response;
  ASSERT_TRUE(Send(Piece(10, 0, 1 << 20), response).ok());
  server_.Restart();
  ASSERT_TRUE(Send(Piece(10, 0, 0), response).ok());  // asks
  EXPECT_EQ(response.next_offset(), 1 << 20);
  // A piece from elsewhere is answered with where to go on, and not taken.
  ASSERT_TRUE(Send(Piece(10, 0, 1 << 20), response).ok());
  EXPECT_EQ(response.next_offset(), 1 << 20);
  ASSERT_TRUE(Send(Piece(10, 1 << 20, 3 << 20), response).ok());
  EXPECT_TRUE(response.stored());
  // The answer to the last piece may have been lost.
  ASSERT_TRUE(Send(Piece(10, 1 << 20, 3 << 20), response).ok());
  EXPECT_TRUE(response.stored());
  std::string state;
  ASSERT_TRUE(Download(10, 0, state).ok());
  EXPECT_EQ(state, StateAt(10));
}

TEST_F(CheckpointServiceTest, ADamagedPieceIsRefusedAndTheNextTryIsTaken) {
  Tell(10);
  v1::UploadCheckpointResponse response;
  v1::UploadCheckpointRequest damaged = Piece(10, 0, 1 << 20);
  (*damaged.mutable_data())[77] ^= 1;
  const grpc::Status status = Send(damaged, response);
  EXPECT_EQ(ReasonOfCall(status), "CORRUPT_CHUNK");
  ASSERT_TRUE(Send(Piece(10, 0, 0), response).ok());
  EXPECT_EQ(response.next_offset(), 0);
  Upload(10);
  EXPECT_THAT(StoredSteps(), ElementsAre(10));
}

TEST_F(CheckpointServiceTest, AWholeStateWithAnotherDigestDoesNotCountAndBeginsAnew) {
  Tell(10);
  v1::UploadCheckpointResponse response;
  v1::UploadCheckpointRequest piece = Piece(10, 0, 1 << 20);
  (*piece.mutable_data())[77] ^= 1;
  piece.set_crc32c(Crc32c(piece.data()));
  ASSERT_TRUE(Send(piece, response).ok());
  EXPECT_EQ(ReasonOfCall(Send(Piece(10, 1 << 20, 3 << 20), response)), "CORRUPT_CHECKPOINT");
  EXPECT_THAT(StoredSteps(), IsEmpty());
  Upload(10);
  EXPECT_THAT(StoredSteps(), ElementsAre(10));
}

TEST_F(CheckpointServiceTest, NothingCountsThatNoEventHasTold) {
  v1::UploadCheckpointResponse response;
  EXPECT_EQ(ReasonOfCall(Send(Piece(10, 0, 4 << 20), response)), "NOT_WANTED");
  EXPECT_THAT(StoredSteps(), IsEmpty());
  server_.artifacts().Collect();
  EXPECT_FALSE(std::filesystem::exists(FolderOf(10)));
}

TEST_F(CheckpointServiceTest, TheNewestAndTheBestAreKeptAndTheOthersFilesGo) {
  const std::pair<int64_t, double> losses[] = {{10, 2.0}, {20, 1.0}, {30, 3.0}, {40, 4.0}};
  for (const auto& [step, loss] : losses) {
    TellLoss(step, loss);
    TellAndUpload(step);
  }
  EXPECT_THAT(StoredSteps(), ElementsAre(40, 20));
  server_.artifacts().Collect();
  EXPECT_FALSE(std::filesystem::exists(FolderOf(10)));
  EXPECT_FALSE(std::filesystem::exists(FolderOf(30)));
  EXPECT_TRUE(std::filesystem::exists(FolderOf(20)));
  const std::vector<v1::CheckpointRecord> all = List();
  EXPECT_TRUE(all.front().is_last());
  EXPECT_EQ(std::ranges::count_if(all, [](const auto& one) { return one.is_best(); }), 1);
}

TEST_F(CheckpointServiceTest, WhatIsNoLongerOnTheWorkersDiskIsNoLongerListed) {
  Tell(10);
  Tell(20);
  EXPECT_EQ(List().size(), 2u);
  EXPECT_THAT(Offer({20}), ElementsAre(20));
  EXPECT_EQ(List().size(), 1u);
  EXPECT_EQ(server_.GetRun(run_.run_id()).checkpoints_size(), 1);
  Upload(20);
  Offer({});
  ASSERT_EQ(List().size(), 1u);
  EXPECT_EQ(List().front().worker(), "");
  EXPECT_TRUE(List().front().stored());
}

TEST_F(CheckpointServiceTest, AnotherWorkerIsToldWhatTheControllerHolds) {
  TellAndUpload(10);
  ASSERT_TRUE(worker_.Exit(run_, 3).ok());  // stopped: it goes on elsewhere
  TestWorker other(server_.workers(), "other:2", 1);
  const v1::Assignment again = other.Take();
  EXPECT_EQ(again.resume_from().step(), 10);
  EXPECT_EQ(again.resume_from().attempt(), run_.attempt());
  EXPECT_TRUE(again.resume_from().stored());
}

TEST_F(CheckpointServiceTest, AStateThatAWorkerPutIntoTheFolderIsTakenByItsDigest) {
  Tell(10);
  const std::filesystem::path incoming = server_.artifacts().folder().path() / "incoming";
  std::ofstream(incoming / "placed-a-1", std::ios::binary) << StateAt(10);
  v1::UploadCheckpointRequest request = Piece(10, 0, 0);
  request.set_placed_file("placed-a-1");
  v1::UploadCheckpointResponse response;
  ASSERT_TRUE(Send(request, response).ok());
  EXPECT_TRUE(response.stored());
  EXPECT_FALSE(std::filesystem::exists(incoming / "placed-a-1"));
  std::string state;
  ASSERT_TRUE(Download(10, 0, state).ok());
  EXPECT_EQ(state, StateAt(10));
  Tell(20);
  std::ofstream(incoming / "placed-b", std::ios::binary) << StateAt(21);
  request = Piece(20, 0, 0);
  request.set_placed_file("placed-b");
  EXPECT_EQ(ReasonOfCall(Send(request, response)), "CORRUPT_CHECKPOINT");
  request.set_placed_file("../token");
  EXPECT_EQ(ReasonOfCall(Send(request, response)), "INVALID_ARGUMENT");
}

TEST_F(CheckpointServiceTest, WhatTheControllerDoesNotHoldIsNotStored) {
  Tell(10);
  std::string state;
  const grpc::Status status = Download(10, 0, state);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOfCall(status), "NOT_STORED");
  TellAndUpload(20);
  std::filesystem::resize_file(FolderOf(20) / "state.safetensors", 7);
  EXPECT_EQ(ReasonOfCall(Download(20, 0, state)), "CORRUPT_CHECKPOINT");
}

TEST_F(CheckpointServiceTest, ADeletedExperimentsFilesGo) {
  TellAndUpload(10);
  ASSERT_TRUE(worker_.Report(run_, {FinishedAt(++seq_, run_.attempt())}).ok());
  ASSERT_TRUE(worker_.Exit(run_, 0).ok());
  grpc::ClientContext context;
  v1::DeleteExperimentRequest request;
  request.set_id(run_.experiment_id());
  v1::DeleteExperimentResponse response;
  const grpc::Status status = server_.experiments().DeleteExperiment(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  server_.artifacts().Collect();
  EXPECT_FALSE(std::filesystem::exists(FolderOf(10)));
}

}  // namespace
}  // namespace fp4::rpc
