#include "server/artifacts/disk_guard.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "server/artifacts/artifact_folder.h"

namespace fp4::artifacts {

absl::Status DiskGuard::Check() const {
  const absl::StatusOr<int64_t> free = FreeBytes(folder_);
  if (free.ok() && *free >= min_free_bytes_) return absl::OkStatus();
  const std::string why =
      free.ok() ? absl::StrCat("the controller takes no new work: the disk of ", folder_.string(),
                               " has ", *free >> 20, " MiB left, less than the ",
                               min_free_bytes_ >> 20, " of --min-free-mib")
                : std::string(free.status().message());
  return ErrorWithReason(absl::StatusCode::kUnavailable, reason::kStorage, why);
}

}  // namespace fp4::artifacts
