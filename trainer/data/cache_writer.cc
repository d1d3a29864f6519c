#include "trainer/data/cache_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr int kTries = 100;

// A pruner may have removed the file between its making and its locking.
bool LockAndKeep(int fd) {
  struct stat attributes {};
  flock(fd, LOCK_EX);  // where the file system has no locks, nobody prunes by them either
  return fstat(fd, &attributes) != 0 || attributes.st_nlink > 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CacheWriter>> CacheWriter::Create(
    const std::filesystem::path& path) {
  for (int i = 0; i < kTries; ++i) {
    std::string temporary = path.string() + ".tmp-XXXXXX";
    UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("create ", temporary));
    if (!LockAndKeep(fd.get())) continue;
    auto writer = std::make_unique<CacheWriter>(std::move(fd), temporary);
    const CacheHeader blank = {};
    FP4_RETURN_IF_ERROR(WriteAll(writer->fd_.get(),
                                 {reinterpret_cast<const char*>(&blank), sizeof blank}, temporary));
    return writer;
  }
  return absl::UnavailableError(absl::StrCat("another process removes ", path.string(), ".tmp-…"));
}

CacheWriter::~CacheWriter() {
  if (fd_.valid()) unlink(temporary_.c_str());
}

absl::Status CacheWriter::Append(std::string_view bytes) {
  sha_.Update(bytes);
  return WriteAll(fd_.get(), bytes, temporary_);
}

absl::StatusOr<UniqueFd> CacheWriter::Finish(uint64_t num_documents, uint64_t num_tokens,
                                             const std::filesystem::path& path) {
  CacheHeader header = {};
  std::memcpy(header.magic, kCacheMagic, sizeof kCacheMagic);
  header.num_documents = num_documents;
  header.num_tokens = num_tokens;
  std::memcpy(header.sha256, sha_.HexDigest().data(), sizeof header.sha256);
  if (pwrite(fd_.get(), &header, sizeof header, 0) != sizeof header || fsync(fd_.get()) != 0 ||
      rename(temporary_.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("write ", path.string()));
  }
  UniqueFd written = std::exchange(fd_, UniqueFd());
  flock(written.get(), LOCK_SH);
  FP4_RETURN_IF_ERROR(SyncFolder(path.parent_path()));
  return written;
}

}  // namespace fp4::trainer
