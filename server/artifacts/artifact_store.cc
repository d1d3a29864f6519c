#include "server/artifacts/artifact_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::artifacts {
namespace {

constexpr int kNumThreads = 2;
constexpr absl::Duration kCollectInterval = absl::Seconds(20);
constexpr absl::Duration kIdleAfter = absl::Minutes(10);
// An upload that nobody has gone on with for so long begins anew.
constexpr absl::Duration kStaleAfter = absl::Hours(24);
constexpr size_t kMaxManifestBytes = size_t{4} << 20;

absl::Status Invalid(const std::string& problem) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument, problem);
}

bool Consists(const std::string& text, std::string_view of) {
  return !text.empty() && text.find_first_not_of(of) == std::string::npos;
}

absl::Status Check(const UploadPiece& piece) {
  if (!Consists(piece.key.run_id, "abcdefghijklmnopqrstuvwxyz0123456789-")) {
    return Invalid("run_id is not the id of a run");
  }
  if (piece.key.checkpoint.step < 0 || piece.key.checkpoint.attempt < 1) {
    return Invalid(absl::StrCat("step ", piece.key.checkpoint.step, ", attempt ",
                                piece.key.checkpoint.attempt, ": no checkpoint has these"));
  }
  if (piece.sha256.size() != 64 || !Consists(piece.sha256, "0123456789abcdef")) {
    return Invalid("sha256 has not 64 of the digits 0-9a-f");
  }
  if (piece.bytes < 1) return Invalid(absl::StrCat("bytes is ", piece.bytes, ", below 1"));
  if (piece.manifest.size() > kMaxManifestBytes || piece.data.size() > kMaxPieceBytes) {
    return Invalid(absl::StrCat("a manifest of ", piece.manifest.size(), " bytes and a piece of ",
                                piece.data.size(), ": at most ", kMaxPieceBytes, " each"));
  }
  return absl::OkStatus();
}

absl::Status CheckFits(const UploadPiece& piece) {
  const int64_t end = piece.offset + static_cast<int64_t>(piece.data.size());
  if (end <= piece.bytes) return absl::OkStatus();
  return Invalid(absl::StrCat("the piece ends at byte ", end, ", the state has ", piece.bytes));
}

absl::Status CheckSum(const UploadPiece& piece) {
  if (Crc32c(piece.data) == piece.crc32c) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kDataLoss, reason::kCorruptChunk,
                         absl::StrCat("the ", piece.data.size(), " bytes at offset ", piece.offset,
                                      " do not have the checksum ", piece.crc32c));
}

absl::Status NoSpace(const std::string& why) {
  return ErrorWithReason(absl::StatusCode::kResourceExhausted, reason::kArtifactSpace, why);
}

// A full disk is a matter of space; everything else is the disk's.
absl::Status OfDisk(const absl::Status& error) {
  if (error.ok() || absl::IsDataLoss(error) || absl::IsInvalidArgument(error)) return error;
  const std::string message(error.message());
  if (ReasonOf(error) == reason::kDiskFull) return NoSpace(message);
  if (ReasonOf(error) == reason::kArtifactSpace) return error;
  return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage, message);
}

template <typename Reply, typename Call>
absl::StatusOr<Reply> Wait(const Call& call) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Reply>>>();
  call([promise](absl::StatusOr<Reply> reply) { promise->set_value(std::move(reply)); });
  return promise->get_future().get();
}

}  // namespace

struct ArtifactStore::Arrival {
  Mutex mutex;  // one piece at a time
  std::unique_ptr<Incoming> incoming ABSL_GUARDED_BY(mutex);
  absl::Duration last_used;  // since boot; under the store's mutex
};

absl::StatusOr<std::unique_ptr<ArtifactStore>> ArtifactStore::Open(const ArtifactOptions& options,
                                                                   store::Store& store) {
  FP4_ASSIGN_OR_RETURN(ArtifactFolder folder, ArtifactFolder::Open(options.folder));
  return std::unique_ptr<ArtifactStore>(new ArtifactStore(std::move(folder), options, store));
}

ArtifactStore::ArtifactStore(ArtifactFolder folder, const ArtifactOptions& options,
                             store::Store& store)
    : folder_(std::move(folder)),
      options_(options),
      store_(store),
      queue_(std::make_unique<TaskQueue>(kNumThreads)),
      collector_([this] { KeepCollecting(); }) {}

ArtifactStore::~ArtifactStore() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
  }
  closing_changed_.NotifyAll();
  collector_.join();
  queue_.reset();
}

void ArtifactStore::Upload(UploadPiece piece, Done<UploadProgress> done) {
  if (absl::Status status = Check(piece); !status.ok()) return done(status);
  auto shared = std::make_shared<UploadPiece>(std::move(piece));
  queue_->Run([this, shared, done = std::move(done)] { HandlePiece(*shared, done); });
}

void ArtifactStore::HandlePiece(const UploadPiece& piece, const Done<UploadProgress>& done) {
  absl::StatusOr<UploadProgress> progress;
  if (IsWhole(piece)) {  // the answer to the last piece was lost
    Protect(piece.key);
    progress = UploadProgress{.next_offset = piece.bytes, .stored = true};
  } else if (!piece.placed_file.empty()) {
    progress = TakePlaced(piece);
  } else {
    const std::shared_ptr<Arrival> arrival = ArrivalOf(piece);
    MutexLock lock(arrival->mutex);
    progress = Receive(piece, arrival->incoming);
  }
  if (!progress.ok()) {
    Forget(piece);
    Unprotect(piece.key);
    return done(OfDisk(progress.status()));
  }
  if (!progress->stored) return done(progress);
  Forget(piece);
  NoteStored(piece, done);
}

bool ArtifactStore::IsWhole(const UploadPiece& piece) const {
  std::error_code error;
  const auto size =
      std::filesystem::file_size(folder_.CheckpointPath(piece.key) / "state.safetensors", error);
  return !error && static_cast<int64_t>(size) == piece.bytes;
}

absl::StatusOr<UploadProgress> ArtifactStore::Receive(const UploadPiece& piece,
                                                      std::unique_ptr<Incoming>& incoming) {
  if (incoming == nullptr) {
    std::error_code error;
    const std::filesystem::path part = folder_.PartPath(piece.key, piece.sha256);
    if (!std::filesystem::exists(part, error)) FP4_RETURN_IF_ERROR(CheckSpace(piece.bytes));
    FP4_ASSIGN_OR_RETURN(incoming, Incoming::Open(part, piece.bytes, piece.sha256));
  }
  if (!piece.data.empty() && piece.offset == incoming->size()) {
    FP4_RETURN_IF_ERROR(CheckFits(piece));
    FP4_RETURN_IF_ERROR(CheckSum(piece));
    FP4_RETURN_IF_ERROR(incoming->Append(piece.data));
  }
  UploadProgress progress{.next_offset = incoming->size(), .stored = incoming->complete()};
  if (!progress.stored) return progress;
  FP4_RETURN_IF_ERROR(incoming->Seal());
  Protect(piece.key);
  FP4_RETURN_IF_ERROR(folder_.Finish(piece.key, incoming->part(), piece.manifest));
  return progress;
}

absl::StatusOr<UploadProgress> ArtifactStore::TakePlaced(const UploadPiece& piece) {
  const std::filesystem::path file = folder_.PlacedPath(piece.placed_file);
  if (file.empty()) {
    return Invalid(absl::StrCat("placed_file is '", piece.placed_file,
                                "'; allowed: placed- and then a-z, 0-9, -"));
  }
  absl::Status taken = CheckSpace(0);
  if (taken.ok()) taken = CheckPlaced(file, piece.bytes, piece.sha256);
  if (taken.ok()) {
    Protect(piece.key);
    taken = folder_.Finish(piece.key, file, piece.manifest);
  }
  std::error_code ignored;
  std::filesystem::remove(file, ignored);  // where it has not got its name
  if (!taken.ok()) return taken;
  return UploadProgress{.next_offset = piece.bytes, .stored = true};
}

absl::Status ArtifactStore::CheckSpace(int64_t bytes) {
  FP4_ASSIGN_OR_RETURN(const int64_t free, FreeBytes(folder_.path()));
  if (free - bytes < options_.min_free_bytes) {
    return NoSpace(absl::StrCat("the disk of ", folder_.path().string(), " has ", free,
                                " bytes left; ", bytes, " would leave less than ",
                                options_.min_free_bytes));
  }
  if (options_.quota_bytes == 0) return absl::OkStatus();
  const int64_t used = folder_.UsedBytes();
  if (used + bytes <= options_.quota_bytes) return absl::OkStatus();
  return FreeQuota(used, bytes);
}

absl::Status ArtifactStore::FreeQuota(int64_t used, int64_t bytes) {
  Collect();  // what is held no longer counts no longer
  used = std::min(used, folder_.UsedBytes());
  const int64_t missing = used + bytes - options_.quota_bytes;
  if (missing <= 0) return absl::OkStatus();
  const absl::StatusOr<store::Nothing> evicted =
      Wait<store::Nothing>([&](auto done) { store_.Evict(missing, done); });
  if (!evicted.ok()) {
    return NoSpace(absl::StrCat("--artifact-quota: ", used, " of ", options_.quota_bytes,
                                " bytes are used: ", evicted.status().message()));
  }
  Collect();
  return absl::OkStatus();
}

void ArtifactStore::NoteStored(const UploadPiece& piece, const Done<UploadProgress>& done) {
  const store::StoredCheckpoint checkpoint{.run_id = piece.key.run_id,
                                           .key = piece.key.checkpoint,
                                           .bytes = piece.bytes,
                                           .sha256 = piece.sha256};
  // Waits on this thread, which ends before the artifacts do; the store's threads end after them.
  const absl::StatusOr<store::Nothing> noted =
      Wait<store::Nothing>([&](auto answer) { store_.NoteStored(checkpoint, std::move(answer)); });
  Unprotect(piece.key);
  if (!noted.ok()) return done(noted.status());
  LogInfo("checkpoint stored", {{"run", piece.key.run_id},
                                {"step", piece.key.checkpoint.step},
                                {"attempt", piece.key.checkpoint.attempt},
                                {"bytes", piece.bytes}});
  done(UploadProgress{.next_offset = piece.bytes, .stored = true});
}

std::shared_ptr<ArtifactStore::Arrival> ArtifactStore::ArrivalOf(const UploadPiece& piece) {
  MutexLock lock(mutex_);
  auto& arrival = arrivals_[folder_.PartPath(piece.key, piece.sha256).string()];
  if (arrival == nullptr) arrival = std::make_shared<Arrival>();
  arrival->last_used = SystemClock().SinceBoot();
  return arrival;
}

void ArtifactStore::Forget(const UploadPiece& piece) {
  MutexLock lock(mutex_);
  arrivals_.erase(folder_.PartPath(piece.key, piece.sha256).string());
}

void ArtifactStore::Protect(const ArtifactKey& key) {
  MutexLock lock(mutex_);
  protected_[key] = kArriving;
}

void ArtifactStore::Unprotect(const ArtifactKey& key) {
  MutexLock lock(mutex_);
  protected_[key] = ++generation_;
}

void ArtifactStore::OpenStored(store::StoredCheckpoint checkpoint, Done<OpenArtifact> done) {
  auto shared = std::make_shared<store::StoredCheckpoint>(std::move(checkpoint));
  queue_->Run([this, shared, done = std::move(done)] {
    const std::filesystem::path folder = folder_.CheckpointPath({shared->run_id, shared->key});
    absl::StatusOr<std::string> manifest = ReadFile(folder / "manifest.json");
    UniqueFd state(open((folder / "state.safetensors").c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!manifest.ok() || !state.valid()) {
      return done(ErrorWithReason(absl::StatusCode::kNotFound, reason::kNotStored,
                                  absl::StrCat(folder.string(), " is gone")));
    }
    if (fstat(state.get(), &info) != 0 || info.st_size != shared->bytes) {
      return done(ErrorWithReason(absl::StatusCode::kDataLoss, reason::kCorruptCheckpoint,
                                  absl::StrCat(folder.string(), " has ", info.st_size,
                                               " bytes, stored were ", shared->bytes)));
    }
    done(OpenArtifact{*shared, *std::move(manifest), std::move(state)});
  });
}

// First what lies on the disk, then what arrives, then the database: what is on the disk and in
// neither of the others is held no longer. What arrives in the meantime is not in the first look.
void ArtifactStore::Collect() {
  MutexLock collecting(collecting_);
  const std::vector<ArtifactKey> listed = folder_.List();
  uint64_t generation;
  {
    MutexLock lock(mutex_);
    generation = generation_;
  }
  using Held = std::vector<store::StoredCheckpoint>;
  auto promise = std::make_shared<std::promise<absl::StatusOr<Held>>>();
  std::future<absl::StatusOr<Held>> answer = promise->get_future();
  store_.Read([promise = std::move(promise)](store::Reader& reader) {
    promise->set_value(reader.StoredCheckpoints());
  });
  absl::StatusOr<Held> held;
  try {
    held = answer.get();
  } catch (const std::future_error&) {
    return;  // the store is closing
  }
  if (held.ok()) RemoveUnheld(listed, *held, generation);
}

void ArtifactStore::RemoveUnheld(const std::vector<ArtifactKey>& listed,
                                 const std::vector<store::StoredCheckpoint>& held,
                                 uint64_t generation) {
  std::set<ArtifactKey> kept;
  for (const store::StoredCheckpoint& one : held) kept.insert({one.run_id, one.key});
  MutexLock lock(mutex_);
  for (const ArtifactKey& key : listed) {
    const auto since = protected_.find(key);
    if (kept.contains(key) || (since != protected_.end() && since->second > generation)) continue;
    const absl::Status removed = folder_.Remove(key);
    if (!removed.ok()) LogWarning("checkpoint not removed", {{"error", removed.ToString()}});
  }
  std::erase_if(protected_, [&](const auto& entry) { return entry.second <= generation; });
}

void ArtifactStore::KeepCollecting() {
  while (true) {
    Collect();
    std::vector<std::filesystem::path> busy;
    {
      MutexLock lock(mutex_);
      // One that nobody goes on with gives its descriptor back; its part stays for a while.
      const absl::Duration oldest = SystemClock().SinceBoot() - kIdleAfter;
      std::erase_if(arrivals_, [&](const auto& one) { return one.second->last_used < oldest; });
      for (const auto& [part, arrival] : arrivals_) busy.emplace_back(part);
    }
    folder_.RemoveStale(kStaleAfter, busy);
    MutexLock lock(mutex_);
    if (!closing_) closing_changed_.WaitFor(lock, kCollectInterval);
    if (closing_) return;
  }
}

}  // namespace fp4::artifacts
