#include "base/faults.h"

#include <cerrno>

#include "base/file.h"
#include "base/reasons.h"

namespace fp4 {

absl::Status MachineFault(const absl::Status& error) {
  if (error.ok() || absl::IsCancelled(error)) return error;
  const bool disk_full = ReasonOf(error) == reason::kDiskFull;
  return ErrorWithReason(absl::StatusCode::kUnavailable,
                         disk_full ? reason::kDiskFull : reason::kMachineFault,
                         {error.message().data(), error.message().size()});
}

absl::Status NamedFileStatus(int error, std::string_view what) {
  const absl::Status status = ErrnoStatus(error, what);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(status.message());
    case EACCES:
    case EPERM:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(status.message());
    default:
      return MachineFault(status);
  }
}

}  // namespace fp4
