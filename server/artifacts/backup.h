// A copy of all that the controller keeps, made while everything goes on:
//
//   fp4.db          the database as it was at one moment
//   runs/…          the checkpoints that it says are held, as in the artifact folder
//   backup.json     {"format", "version", "time", "database": {"bytes", "sha256"},
//                    "checkpoints": [{"run", "step", "attempt", "bytes", "sha256"}]}
//
// The folder appears under its name when all of it is on the disk. Checkpoints are hard links where
// both folders are on one filesystem: they are never written to.
#pragma once

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"
#include "server/artifacts/artifact_store.h"
#include "server/store/store.h"

namespace fp4::artifacts {

inline constexpr char kBackupList[] = "backup.json";
inline constexpr int kBackupFormat = 1;

struct BackupReport {
  int64_t database_bytes = 0, checkpoint_bytes = 0;
  int32_t num_checkpoints = 0;
};

// Waits for the disk. ALREADY_EXISTS ALREADY_EXISTS: `folder` is there. UNAVAILABLE STORAGE: the
// disk, in its words; nothing is left behind. While it runs no checkpoint is removed.
absl::StatusOr<BackupReport> MakeBackup(store::Store& store, ArtifactStore& artifacts,
                                        const std::filesystem::path& folder);

}  // namespace fp4::artifacts
