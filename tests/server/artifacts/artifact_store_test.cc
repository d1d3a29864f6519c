// A store of artifacts that goes away while the database still owes it an answer.
#include "server/artifacts/artifact_store.h"

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "base/crc32c.h"
#include "base/sha256.h"
#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::artifacts {
namespace {

class ArtifactStoreTest : public store::testing::StoreTest {
 protected:
  ArtifactStoreTest() {
    auto opened = ArtifactStore::Open({.folder = folder_.path() / "artifacts"}, *store_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    artifacts_ = *std::move(opened);
  }

  // The thread of the database waits for `may_go_on`.
  void HoldWriter(std::promise<void>& may_go_on) {
    std::promise<void> held;
    store_->ListWorkers([&](const auto&) {
      held.set_value();
      may_go_on.get_future().wait();
    });
    held.get_future().wait();
  }

  void AwaitPlaced(const ArtifactKey& key) const {
    while (!std::filesystem::exists(artifacts_->folder().CheckpointPath(key)))
      std::this_thread::yield();
  }

  std::unique_ptr<ArtifactStore> artifacts_;
};

UploadPiece WholeState(const std::string& run) {
  UploadPiece piece{.key = {.run_id = run, .checkpoint = {.step = 10, .attempt = 1}},
                    .sha256 = Sha256Hex("state"),
                    .manifest = "{}",
                    .data = "state",
                    .placed_file = ""};
  piece.bytes = static_cast<int64_t>(piece.data.size());
  piece.crc32c = Crc32c(piece.data);
  return piece;
}

TEST_F(ArtifactStoreTest, NoAnswerComesAfterItIsGone) {
  // Given a state that lies in its folder, and a database that has not said yet that it knows it
  std::promise<void> may_go_on;
  HoldWriter(may_go_on);
  std::atomic<bool> gone = false;
  std::atomic<int> answers = 0, late = 0;
  const UploadPiece piece = WholeState("r0000001");
  artifacts_->Upload(piece, [&](const absl::StatusOr<UploadProgress>&) {
    ++answers;
    if (gone) ++late;
  });
  AwaitPlaced(piece.key);

  // When the artifacts end before the database answers. The wait is for one that does not wait:
  // for another it decides nothing.
  auto ended = std::async(std::launch::async, [&] {
    artifacts_.reset();
    gone = true;
  });
  ended.wait_for(std::chrono::milliseconds(200));
  may_go_on.set_value();
  ended.wait();
  Close();

  EXPECT_EQ(answers, 1);
  EXPECT_EQ(late, 0);
}

}  // namespace
}  // namespace fp4::artifacts
