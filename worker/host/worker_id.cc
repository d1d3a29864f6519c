#include "worker/host/worker_id.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

constexpr size_t kNumBytes = 16;

absl::StatusOr<std::string> RandomId() {
  std::string bytes(kNumBytes, 0);
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return ErrnoStatus(errno, "getrandom");
  }
  return absl::BytesToHexString(bytes);
}

bool IsId(std::string_view text) {
  return text.size() == 2 * kNumBytes &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> WorkerIdOf(const std::filesystem::path& work_dir) {
  const std::filesystem::path file = work_dir / kWorkerIdFile;
  absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) {
    FP4_ASSIGN_OR_RETURN(const std::string id, RandomId());
    FP4_RETURN_IF_ERROR(WriteFileDurably(file, id + "\n"));
    return id;
  }
  if (!text.ok()) return text.status();
  const std::string id(absl::StripTrailingAsciiWhitespace(*text));
  if (IsId(id)) return id;
  return absl::FailedPreconditionError(
      absl::StrCat(file.string(),
                   " holds no worker's id (32 of the digits 0-9a-f); remove it, and "
                   "the directory becomes that of a new worker"));
}

std::string PlaceOf(const std::filesystem::path& work_dir) {
  struct stat entry {};
  const std::string boot = BootId();
  if (boot.empty() || stat(work_dir.c_str(), &entry) != 0) return "";
  return absl::StrCat(boot, ":", entry.st_dev, ":", entry.st_ino);
}

}  // namespace fp4::worker
