#include "server/artifacts/backup.h"

#include <future>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/reasons.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "server/artifacts/copy_file.h"

namespace fp4::artifacts {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

absl::Status CopyCheckpoint(const ArtifactFolder& artifacts,
                            const store::StoredCheckpoint& checkpoint, const fs::path& into) {
  const fs::path from = artifacts.CheckpointPath({checkpoint.run_id, checkpoint.key});
  const fs::path to = into / "runs" / checkpoint.run_id / from.filename();
  FP4_RETURN_IF_ERROR(MakeFolder(to));
  for (const char* file : {"state.safetensors", "manifest.json"}) {
    FP4_RETURN_IF_ERROR(LinkOrCopy(from / file, to / file));
  }
  FP4_RETURN_IF_ERROR(SyncFolder(to));
  FP4_RETURN_IF_ERROR(SyncFolder(to.parent_path()));
  return SyncFolder(to.parent_path().parent_path());
}

absl::StatusOr<BackupReport> Fill(store::Store& store, ArtifactStore& artifacts,
                                  const fs::path& into) {
  FP4_ASSIGN_OR_RETURN(const std::vector<store::StoredCheckpoint> held,
                       store.CopyDatabase(into / "fp4.db"));
  Json list = {{"format", kBackupFormat},
               {"version", std::string(Version())},
               {"time", FormatTimestamp(SystemClock().Now())}};
  std::error_code error;
  BackupReport report;
  report.database_bytes = static_cast<int64_t>(fs::file_size(into / "fp4.db", error));
  FP4_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(into / "fp4.db"));
  list["database"] = {{"bytes", report.database_bytes}, {"sha256", digest}};
  list["checkpoints"] = Json::array();
  for (const store::StoredCheckpoint& checkpoint : held) {
    FP4_RETURN_IF_ERROR(CopyCheckpoint(artifacts.folder(), checkpoint, into));
    list["checkpoints"].push_back({{"run", checkpoint.run_id},
                                   {"step", checkpoint.key.step},
                                   {"attempt", checkpoint.key.attempt},
                                   {"bytes", checkpoint.bytes},
                                   {"sha256", checkpoint.sha256}});
    report.checkpoint_bytes += checkpoint.bytes;
    ++report.num_checkpoints;
  }
  FP4_RETURN_IF_ERROR(WriteFileDurably(into / kBackupList, list.dump(2) + "\n"));
  return report;
}

absl::Status Exists(const fs::path& folder) {
  return ErrorWithReason(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
                         absl::StrCat(folder.string(), " exists already"));
}

absl::Status StorageError(const absl::Status& error) {
  if (ReasonOf(error) == reason::kStorage) return error;
  return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage,
                         std::string(error.message()));
}

// Gives `making` its name; a folder that has come meanwhile stays as it is.
absl::Status Publish(const fs::path& making, const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error)) return Exists(folder);
  fs::rename(making, folder, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("rename ", making.string()));
  return SyncFolder(folder.parent_path());
}

}  // namespace

absl::StatusOr<BackupReport> MakeBackup(store::Store& store, ArtifactStore& artifacts,
                                        const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error)) return Exists(folder);
  fs::path making = folder;
  making += absl::StrCat(".partial-", RandomIds().NewId());
  const ArtifactStore::Pause pause(artifacts);
  absl::Status status = MakeFolder(making);
  absl::StatusOr<BackupReport> report =
      status.ok() ? Fill(store, artifacts, making) : absl::StatusOr<BackupReport>(status);
  if (report.ok()) status = Publish(making, folder);
  if (report.ok() && status.ok()) {
    LogInfo("backup made", {{"folder", folder.string()},
                            {"database_bytes", report->database_bytes},
                            {"checkpoints", report->num_checkpoints}});
    return report;
  }
  fs::remove_all(making, error);
  if (!report.ok()) status = report.status();
  return absl::IsAlreadyExists(status) ? status : StorageError(status);
}

}  // namespace fp4::artifacts
