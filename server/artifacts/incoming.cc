#include "server/artifacts/incoming.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/fault_points.h"
#include "base/reasons.h"
#include "base/status_macros.h"

namespace fp4::artifacts {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;

absl::Status Corrupt(const std::string& why) {
  return ErrorWithReason(absl::StatusCode::kDataLoss, reason::kCorruptCheckpoint, why);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Incoming>> Incoming::Open(std::filesystem::path part, int64_t bytes,
                                                         std::string sha256) {
  std::unique_ptr<Incoming> incoming(new Incoming(std::move(part), bytes, std::move(sha256)));
  FP4_RETURN_IF_ERROR(incoming->OpenFile());
  return incoming;
}

absl::Status Incoming::OpenFile() {
  fd_ = UniqueFd(open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd_.valid()) return ErrnoStatus(errno, absl::StrCat("open ", part_.string()));
  struct stat info {};
  if (fstat(fd_.get(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("stat ", part_.string()));
  }
  if (info.st_size > bytes_ && ftruncate(fd_.get(), 0) != 0) {
    return ErrnoStatus(errno, absl::StrCat("truncate ", part_.string()));
  }
  return ReadBack();
}

// The digest of what is there.
absl::Status Incoming::ReadBack() {
  digest_ = std::make_unique<Sha256>();
  size_ = 0;
  std::vector<char> buffer(kReadBytes);
  while (true) {
    const ssize_t num = pread(fd_.get(), buffer.data(), buffer.size(), size_);
    if (num < 0 && errno == EINTR) continue;
    if (num < 0) return ErrnoStatus(errno, absl::StrCat("read ", part_.string()));
    if (num == 0) break;
    digest_->Update({buffer.data(), static_cast<size_t>(num)});
    size_ += num;
  }
  if (lseek(fd_.get(), size_, SEEK_SET) < 0) {
    return ErrnoStatus(errno, absl::StrCat("seek ", part_.string()));
  }
  return absl::OkStatus();
}

absl::Status Incoming::Append(std::string_view data) {
  absl::Status written = WriteAll(fd_.get(), data, part_.string());
  if (written.ok()) {
    DieAt(FaultPoint::kArtifactPiece);
    digest_->Update(data);
    size_ += static_cast<int64_t>(data.size());
    return written;
  }
  // Part of the piece may have been written: the file ends again where it did.
  if (ftruncate(fd_.get(), size_) != 0 || lseek(fd_.get(), size_, SEEK_SET) < 0) {
    return ErrnoStatus(errno, absl::StrCat("truncate ", part_.string()));
  }
  return written;
}

absl::Status Incoming::Seal() {
  if (fsync(fd_.get()) != 0) return ErrnoStatus(errno, absl::StrCat("sync ", part_.string()));
  const std::string digest = digest_->HexDigest();
  if (digest == sha256_) return absl::OkStatus();
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
  return Corrupt(absl::StrCat("what has arrived has sha256 ", digest, ", told was ", sha256_));
}

absl::Status CheckPlaced(const std::filesystem::path& file, int64_t bytes,
                         const std::string& sha256) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("open ", file.string()));
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, absl::StrCat("sync ", file.string()));
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error || static_cast<int64_t>(size) != bytes) {
    return Corrupt(absl::StrCat(file.string(), " has ", size, " bytes, told were ", bytes));
  }
  FP4_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(file));
  if (digest == sha256) return absl::OkStatus();
  return Corrupt(absl::StrCat(file.string(), " has sha256 ", digest, ", told was ", sha256));
}

}  // namespace fp4::artifacts
