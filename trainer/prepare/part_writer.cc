#include "trainer/prepare/part_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "ids are written as they are");

absl::Status Fault(std::string_view what, const std::filesystem::path& path) {
  return MachineFault(ErrnoStatus(errno, absl::StrCat(std::string(what), " ", path.string())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PartWriter>> PartWriter::Create(const std::filesystem::path& path) {
  std::filesystem::path temporary = path;
  temporary += ".writing";
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return Fault("create", temporary);
  return std::make_unique<PartWriter>(std::move(fd), path, temporary);
}

PartWriter::~PartWriter() {
  if (fd_.valid()) unlink(temporary_.c_str());
}

absl::Status PartWriter::Append(std::span<const uint16_t> ids) {
  const std::string_view bytes(reinterpret_cast<const char*>(ids.data()), ids.size_bytes());
  sha_.Update(bytes);
  num_tokens_ += static_cast<int64_t>(ids.size());
  return MachineFault(WriteAll(fd_.get(), bytes, temporary_.string()));
}

absl::StatusOr<std::string> PartWriter::Finish() {
  if (fsync(fd_.get()) != 0) return Fault("fsync", temporary_);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return Fault("rename", temporary_);
  fd_ = UniqueFd();
  FP4_RETURN_IF_ERROR(MachineFault(SyncFolder(path_.parent_path())));
  return sha_.HexDigest();
}

}  // namespace fp4::trainer
