#include "server/artifacts/restore.h"

#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/artifacts/backup.h"
#include "server/artifacts/copy_file.h"

namespace fp4::artifacts {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct BackedUp {
  std::string name;  // within runs/
  int64_t bytes = 0;
  std::string sha256;
};
struct BackupList {
  int64_t database_bytes = 0;
  std::string database_sha256;
  std::vector<BackedUp> checkpoints;
};

absl::StatusOr<BackupList> ReadList(const fs::path& backup) {
  FP4_ASSIGN_OR_RETURN(const std::string text, ReadFile(backup / kBackupList));
  BackupList list;
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != kBackupFormat) {
      return absl::InvalidArgumentError(absl::StrCat((backup / kBackupList).string(), ": format ",
                                                     json.at("format").dump(),
                                                     "; this program reads ", kBackupFormat));
    }
    list.database_bytes = json.at("database").at("bytes").get<int64_t>();
    list.database_sha256 = json.at("database").at("sha256").get<std::string>();
    for (const Json& one : json.at("checkpoints")) {
      const ArtifactKey key{one.at("run").get<std::string>(),
                            {one.at("step").get<int64_t>(), one.at("attempt").get<int32_t>()}};
      list.checkpoints.push_back({.name = ArtifactName(key).string(),
                                  .bytes = one.at("bytes").get<int64_t>(),
                                  .sha256 = one.at("sha256").get<std::string>()});
    }
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat((backup / kBackupList).string(), ": ", error.what()));
  }
  return list;
}

absl::Status CheckFile(const fs::path& file, int64_t bytes, const std::string& sha256) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return absl::DataLossError(absl::StrCat(file.string(), ": ", error.message()));
  if (static_cast<int64_t>(size) != bytes) {
    return absl::DataLossError(
        absl::StrCat(file.string(), " has ", size, " bytes, the list says ", bytes));
  }
  FP4_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(file));
  if (digest == sha256) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(file.string(), " has sha256 ", digest, ", the list says ", sha256));
}

absl::Status CheckBackup(const fs::path& backup, const BackupList& list) {
  FP4_RETURN_IF_ERROR(CheckFile(backup / "fp4.db", list.database_bytes, list.database_sha256));
  for (const BackedUp& one : list.checkpoints) {
    FP4_RETURN_IF_ERROR(
        CheckFile(backup / "runs" / one.name / "state.safetensors", one.bytes, one.sha256));
  }
  return absl::OkStatus();
}

absl::Status PutCheckpoint(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove_all(to, error);  // of a restore that broke off
  fs::create_directories(to, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("make ", to.string()));
  for (const char* file : {"state.safetensors", "manifest.json"}) {
    FP4_RETURN_IF_ERROR(LinkOrCopy(from / file, to / file));
  }
  FP4_RETURN_IF_ERROR(SyncFolder(to));
  return SyncFolder(to.parent_path());
}

// A copy, never a link: the database is written to.
absl::Status PutDatabase(const fs::path& from, const fs::path& to) {
  FP4_ASSIGN_OR_RETURN(const std::string content, ReadFile(from));
  return WriteFileDurably(to, content);
}

}  // namespace

absl::Status Restore(const fs::path& backup, const fs::path& data_dir,
                     const fs::path& artifact_folder) {
  std::error_code error;
  if (fs::exists(data_dir / "fp4.db", error)) {
    return absl::FailedPreconditionError(
        absl::StrCat(data_dir.string(), " has a database already; give a new folder"));
  }
  FP4_ASSIGN_OR_RETURN(const BackupList list, ReadList(backup));
  FP4_RETURN_IF_ERROR(CheckBackup(backup, list));
  for (const BackedUp& one : list.checkpoints) {
    FP4_RETURN_IF_ERROR(
        PutCheckpoint(backup / "runs" / one.name, artifact_folder / "runs" / one.name));
  }
  for (const char* rest : {"fp4.db-wal", "fp4.db-shm"}) fs::remove(data_dir / rest, error);
  FP4_RETURN_IF_ERROR(PutDatabase(backup / "fp4.db", data_dir / "fp4.db"));
  LogInfo("backup restored",
          {{"backup", backup.string()}, {"checkpoints", list.checkpoints.size()}});
  return absl::OkStatus();
}

}  // namespace fp4::artifacts
