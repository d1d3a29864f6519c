#include "trainer/data/data_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr size_t kPiece = 1 << 20;

// Each file of the data stays open: the usual soft limit of 1,024 is not meant for that.
int OpenManyFiles(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0 || errno != EMFILE) return fd;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) {
    errno = EMFILE;
    return -1;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataFile>> DataFile::Open(const std::filesystem::path& path) {
  UniqueFd fd(OpenManyFiles(path));
  if (!fd.valid()) return NamedFileStatus(errno, absl::StrCat("open ", path.string()));
  return Adopt(std::move(fd), path);
}

absl::StatusOr<std::unique_ptr<DataFile>> DataFile::Adopt(UniqueFd fd,
                                                          const std::filesystem::path& path) {
  struct stat attributes {};
  if (fstat(fd.get(), &attributes) == 0 && !S_ISREG(attributes.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": is not a regular file"));
  }
  absl::StatusOr<FileIdentity> identity = IdentityOf(fd.get(), path);
  if (!identity.ok()) return MachineFault(identity.status());
  return std::unique_ptr<DataFile>(new DataFile(std::move(fd), path, *identity));
}

absl::Status DataFile::Read(int64_t offset, std::span<std::byte> bytes) const {
  read_since_check_ = true;
  while (!bytes.empty()) {
    const ssize_t n = pread(fd_.get(), bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return MachineFault(ErrnoStatus(errno, absl::StrCat("read ", path_.string())));
    if (n == 0) {
      return absl::AbortedError(absl::StrCat(path_.string(),
                                             ": was cut off while the run was reading it: it had ",
                                             opened_.size, " bytes and ends now at ", offset));
    }
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset += n;
  }
  return absl::OkStatus();
}

absl::Status DataFile::Scan(int64_t offset, const StopCheck& stop,
                            const std::function<absl::Status(std::string_view)>& take) const {
  std::vector<std::byte> buffer(std::min<size_t>(kPiece, static_cast<size_t>(size())));
  while (offset < size()) {
    if (stop()) return Stopped();
    const auto count = std::min<int64_t>(static_cast<int64_t>(buffer.size()), size() - offset);
    const auto piece = std::span(buffer).first(static_cast<size_t>(count));
    FP4_RETURN_IF_ERROR(Read(offset, piece));
    FP4_RETURN_IF_ERROR(take({reinterpret_cast<const char*>(piece.data()), piece.size()}));
    offset += count;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DataFile::Hash(const StopCheck& stop) const {
  class Sha256 sha;
  FP4_RETURN_IF_ERROR(Scan(0, stop, [&](std::string_view piece) {
    sha.Update(piece);
    return absl::OkStatus();
  }));
  return sha.HexDigest();
}

absl::StatusOr<std::string> DataFile::Sha256(const StopCheck& stop) const {
  FP4_ASSIGN_OR_RETURN(std::string digest, Hash(stop));
  const MutexLock lock(mutex_);
  sha256_ = digest;
  return digest;
}

bool DataFile::HasKnownContent(const FileIdentity& now) const {
  const MutexLock lock(mutex_);
  return now == known_;
}

std::string DataFile::KnownSha256() const {
  const MutexLock lock(mutex_);
  return sha256_;
}

absl::Status DataFile::CheckUnchanged() const {
  if (!read_since_check_.exchange(false)) return absl::OkStatus();
  absl::StatusOr<FileIdentity> now = IdentityOf(fd_.get(), path_);
  if (!now.ok()) return MachineFault(now.status());
  if (HasKnownContent(*now)) return absl::OkStatus();
  const std::string known = KnownSha256();
  if (now->size == size() && !known.empty()) {
    FP4_ASSIGN_OR_RETURN(const std::string digest, Hash(NeverStop));
    if (digest == known) {
      const MutexLock lock(mutex_);
      known_ = *now;
      return absl::OkStatus();
    }
  }
  read_since_check_ = true;  // it stays wrong
  return absl::AbortedError(
      absl::StrCat(path_.string(), ": was changed while the run was reading it"));
}

}  // namespace fp4::trainer
