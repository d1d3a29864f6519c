#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace fp4::artifacts {

// Puts a backup (backup.h) in the place of a data directory that has no database: the database into
// `data_dir`, the checkpoints into `artifact_folder`. The database comes last and whole, so that a
// restore that broke off can be done again. FAILED_PRECONDITION: there is a database. NOT_FOUND,
// INVALID_ARGUMENT, DATA_LOSS: `backup` is none, is of a later format, or is damaged; nothing has
// been made then.
absl::Status Restore(const std::filesystem::path& backup, const std::filesystem::path& data_dir,
                     const std::filesystem::path& artifact_folder);

}  // namespace fp4::artifacts
