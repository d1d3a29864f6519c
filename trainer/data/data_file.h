#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/file_identity.h"
#include "base/mutex.h"
#include "base/stop_check.h"

namespace fp4::trainer {

// A file that a run reads from as long as it lives. It is opened once and read by pread, never
// mapped: a file that somebody cuts off meanwhile gives an error with its name, not a SIGBUS.
// Somebody may also write into it in place, which no read can tell: CheckUnchanged does,
// afterwards. A file of its name that replaces it does no harm, the old one stays open.
//
// Thread-safe.
class DataFile {
 public:
  // NOT_FOUND, INVALID_ARGUMENT: no such file, no permission, not a regular file; UNAVAILABLE: a
  // fault of the machine.
  static absl::StatusOr<std::unique_ptr<DataFile>> Open(const std::filesystem::path& path);

  // Takes an open descriptor; `path` is for messages.
  static absl::StatusOr<std::unique_ptr<DataFile>> Adopt(UniqueFd fd,
                                                         const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  int fd() const { return fd_.get(); }
  // In bytes, when it was opened.
  int64_t size() const { return opened_.size; }

  // Fills `bytes` from `offset` on. ABORTED: the file has become shorter; UNAVAILABLE: it cannot be
  // read.
  absl::Status Read(int64_t offset, std::span<std::byte> bytes) const;

  // Hands out all of it from `offset` on in pieces, in order. The first error of `take` or of
  // reading ends it; CANCELLED when `stop` asked for it between two pieces.
  absl::Status Scan(int64_t offset, const StopCheck& stop,
                    const std::function<absl::Status(std::string_view piece)>& take) const;

  // The sha256 of all of it, as 64 hexadecimal digits. Remembered: CheckUnchanged compares with it.
  absl::StatusOr<std::string> Sha256(const StopCheck& stop) const;

  // ABORTED: the file was changed since it was opened. A file whose time alone has changed is read
  // again and compared, where Sha256 was called before. Reads since the last check are what is
  // vouched for; without one in between there is nothing to do.
  absl::Status CheckUnchanged() const;

 private:
  DataFile(UniqueFd fd, std::filesystem::path path, const FileIdentity& opened)
      : fd_(std::move(fd)), path_(std::move(path)), opened_(opened), known_(opened) {}

  absl::StatusOr<std::string> Hash(const StopCheck& stop) const;
  bool HasKnownContent(const FileIdentity& now) const;
  std::string KnownSha256() const;

  const UniqueFd fd_;
  const std::filesystem::path path_;
  const FileIdentity opened_;
  mutable std::atomic<bool> read_since_check_ = false;
  mutable Mutex mutex_;
  mutable FileIdentity known_ ABSL_GUARDED_BY(mutex_);  // with it, the content is what it was
  mutable std::string sha256_ ABSL_GUARDED_BY(mutex_);  // empty: not computed
};

}  // namespace fp4::trainer
