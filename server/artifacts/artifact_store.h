// The checkpoints that the controller holds: how they arrive, how they are read, and when their
// files go. What is held is what the database says (store::NoteStored); a file is there before its
// row is, and goes after it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/mutex.h"
#include "server/artifacts/artifact_folder.h"
#include "server/artifacts/incoming.h"
#include "server/artifacts/task_queue.h"
#include "server/store/store.h"

namespace fp4::artifacts {

struct ArtifactOptions {
  std::filesystem::path folder;
  int64_t quota_bytes = 0;     // 0: none
  int64_t min_free_bytes = 0;  // so much stays free on the disk
};

// A piece of a checkpoint. `data` empty: only asks how much there is.
struct UploadPiece {
  ArtifactKey key;
  int64_t bytes = 0;  // of the whole state
  std::string sha256;
  std::string manifest;
  int64_t offset = 0;
  std::string data;
  uint32_t crc32c = 0;
  std::string placed_file;  // the whole state lies in incoming/ under this name
};
struct UploadProgress {
  int64_t next_offset = 0;
  bool stored = false;
};

// A checkpoint to be read.
struct OpenArtifact {
  store::StoredCheckpoint checkpoint;
  std::string manifest;
  UniqueFd state;
};

inline constexpr size_t kMaxPieceBytes = size_t{4} << 20;

// Thread-safe. Answers come on a thread of its own, which they must not block for long.
class ArtifactStore {
 public:
  template <typename Reply>
  using Done = std::function<void(absl::StatusOr<Reply>)>;

  // The store outlives it.
  static absl::StatusOr<std::unique_ptr<ArtifactStore>> Open(const ArtifactOptions& options,
                                                             store::Store& store);
  ~ArtifactStore();

  const ArtifactFolder& folder() const { return folder_; }

  // Errors as of the RPC UploadCheckpoint (checkpoints.proto).
  void Upload(UploadPiece piece, Done<UploadProgress> done);
  // NOT_FOUND NOT_STORED: its files are gone. DATA_LOSS: they are damaged.
  void OpenStored(store::StoredCheckpoint checkpoint, Done<OpenArtifact> done);
  // For others' reading, on the same threads.
  void Run(std::function<void()> task) { queue_->Run(std::move(task)); }

  // Removes the files of what is held no longer. Waits for the disk and the database.
  void Collect();
  // While it lives nothing is removed.
  class Pause;

 private:
  struct Arrival;
  // Since when a key's files must be taken for held, whatever an older look at the database says.
  static constexpr uint64_t kArriving = UINT64_MAX;

  ArtifactStore(ArtifactFolder folder, const ArtifactOptions& options, store::Store& store);

  void HandlePiece(const UploadPiece& piece, const Done<UploadProgress>& done);
  bool IsWhole(const UploadPiece& piece) const;
  // The caller holds the mutex of the arrival that `incoming` belongs to.
  absl::StatusOr<UploadProgress> Receive(const UploadPiece& piece,
                                         std::unique_ptr<Incoming>& incoming);
  absl::StatusOr<UploadProgress> TakePlaced(const UploadPiece& piece);
  absl::Status CheckSpace(int64_t bytes);
  absl::Status FreeQuota(int64_t used, int64_t bytes);
  void NoteStored(const UploadPiece& piece, const Done<UploadProgress>& done);
  std::shared_ptr<Arrival> ArrivalOf(const UploadPiece& piece);
  void Forget(const UploadPiece& piece);
  void Protect(const ArtifactKey& key);
  void Unprotect(const ArtifactKey& key);
  void RemoveUnheld(const std::vector<ArtifactKey>& listed,
                    const std::vector<store::StoredCheckpoint>& held, uint64_t generation);
  void KeepCollecting();

  const ArtifactFolder folder_;
  const ArtifactOptions options_;
  store::Store& store_;

  Mutex collecting_;  // held while files are removed
  Mutex mutex_;
  CondVar closing_changed_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::shared_ptr<Arrival>> arrivals_ ABSL_GUARDED_BY(mutex_);  // by part
  std::map<ArtifactKey, uint64_t> protected_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;

  std::unique_ptr<TaskQueue> queue_;
  std::thread collector_;
};

class ArtifactStore::Pause {
 public:
  explicit Pause(ArtifactStore& artifacts) : lock_(artifacts.collecting_) {}

 private:
  MutexLock lock_;
};

}  // namespace fp4::artifacts
