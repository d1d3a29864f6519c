#include "trainer/data/token_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "trainer/data/abandon.h"
#include "trainer/data/cache_writer.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

// Text that every tokenizer is through with before anybody has waited for it, in bytes.
constexpr size_t kShortText = 1 << 16;

template <typename T>
std::string_view BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

int64_t PaddingAfter(int64_t num_tokens) { return (8 - num_tokens * 2 % 8) % 8; }

std::string CacheKey(std::span<const TextFile> files, const Tokenizer& tokenizer) {
  Sha256 sha;
  sha.Update(tokenizer.identity());
  for (const TextFile& file : files) sha.Update("\n" + file.sha256);
  return sha.HexDigest();
}

absl::StatusOr<std::string> ReadText(const TextFile& file, const StopCheck& stop) {
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<DataFile> data, DataFile::Open(file.path));
  std::string content;
  FP4_RETURN_IF_ERROR(data->Scan(0, stop, [&](std::string_view piece) {
    content += piece;
    return absl::OkStatus();
  }));
  if (Sha256Hex(content) == file.sha256) return content;
  return absl::AbortedError(absl::StrCat(file.path, ": changed while it was being read"));
}

absl::StatusOr<std::vector<uint16_t>> Tokenize(const TextFile& file,
                                               const std::shared_ptr<const Tokenizer>& tokenizer,
                                               const StopCheck& stop) {
  FP4_ASSIGN_OR_RETURN(std::string content, ReadText(file, stop));
  struct Work {
    std::string content;
    std::vector<uint16_t> ids;
    absl::Status status;
  };
  auto work = std::make_shared<Work>();
  work->content = std::move(content);
  const auto encode = [work, tokenizer] {
    work->status = tokenizer->Encode(work->content, work->ids);
  };
  if (work->content.size() < kShortText) {
    encode();
  } else {
    FP4_RETURN_IF_ERROR(RunAbandonable(encode, stop));
  }
  if (work->status.ok()) return std::move(work->ids);
  return absl::Status(work->status.code(), absl::StrCat(file.path, ": ", work->status.message()));
}

// Errors of the disk that `path` is on are marked by `disk_fault`: another folder may do.
absl::StatusOr<UniqueFd> WriteCache(std::span<const TextFile> files,
                                    const std::shared_ptr<const Tokenizer>& tokenizer,
                                    const fs::path& path, const StopCheck& stop, bool& disk_fault) {
  disk_fault = true;
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<CacheWriter> writer, CacheWriter::Create(path));
  std::vector<uint64_t> ends;
  uint64_t num_tokens = 0;
  for (const TextFile& file : files) {
    disk_fault = false;
    FP4_ASSIGN_OR_RETURN(const std::vector<uint16_t> ids, Tokenize(file, tokenizer, stop));
    disk_fault = true;
    FP4_RETURN_IF_ERROR(writer->Append(BytesOf(ids)));
    num_tokens += ids.size();
    ends.push_back(num_tokens);
  }
  const int64_t padding = PaddingAfter(static_cast<int64_t>(num_tokens));
  FP4_RETURN_IF_ERROR(writer->Append(std::string(static_cast<size_t>(padding), '\0')));
  FP4_RETURN_IF_ERROR(writer->Append(BytesOf(ends)));
  return writer->Finish(ends.size(), num_tokens, path);
}

// Whether these are the bytes of a whole cache file of that many documents.
absl::StatusOr<bool> IsWhole(const DataFile& file, size_t num_documents, const StopCheck& stop) {
  CacheHeader header;
  if (file.size() < static_cast<int64_t>(sizeof header)) return false;
  FP4_RETURN_IF_ERROR(file.Read(0, std::as_writable_bytes(std::span(&header, 1))));
  const int64_t rest = file.size() - static_cast<int64_t>(sizeof header);
  if (std::memcmp(header.magic, kCacheMagic, sizeof kCacheMagic) != 0) return false;
  if (header.num_documents != num_documents ||
      header.num_tokens > static_cast<uint64_t>(rest / 2)) {
    return false;
  }
  const auto num_tokens = static_cast<int64_t>(header.num_tokens);
  const auto ends_bytes = static_cast<int64_t>(8 * num_documents);
  if (rest != 2 * num_tokens + PaddingAfter(num_tokens) + ends_bytes) return false;
  Sha256 sha;
  FP4_RETURN_IF_ERROR(file.Scan(sizeof header, stop, [&](std::string_view piece) {
    sha.Update(piece);
    return absl::OkStatus();
  }));
  return sha.HexDigest() == std::string_view(header.sha256, sizeof header.sha256);
}

absl::StatusOr<std::vector<TokenDocument>> Documents(const DataFile& file,
                                                     std::span<const TextFile> files) {
  std::vector<uint64_t> ends(files.size());
  const int64_t ends_bytes = static_cast<int64_t>(8 * files.size());
  FP4_RETURN_IF_ERROR(file.Read(file.size() - ends_bytes, std::as_writable_bytes(std::span(ends))));
  std::vector<TokenDocument> documents;
  int64_t start = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto end = static_cast<int64_t>(ends[i]);
    documents.push_back({.path = files[i].path,
                         .file = &file,
                         .offset = static_cast<int64_t>(sizeof(CacheHeader)) + 2 * start,
                         .num_tokens = end - start});
    start = end;
  }
  return documents;
}

// Null: the folder does not have it whole. Locked as long as it is open, and marked as used now.
absl::StatusOr<std::unique_ptr<DataFile>> OpenCached(const fs::path& path, size_t num_documents,
                                                     const StopCheck& stop) {
  absl::StatusOr<std::unique_ptr<DataFile>> file = DataFile::Open(path);
  if (!file.ok()) return nullptr;
  flock((*file)->fd(), LOCK_SH);
  absl::StatusOr<bool> whole = IsWhole(**file, num_documents, stop);
  if (absl::IsCancelled(whole.status())) return whole.status();
  if (!whole.value_or(false)) return nullptr;
  const timespec used[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW},
                            {.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
  (void)futimens((*file)->fd(), used);
  return file;
}

absl::StatusOr<std::unique_ptr<DataFile>> MakeCached(
    std::span<const TextFile> files, const std::shared_ptr<const Tokenizer>& tokenizer,
    const fs::path& path, const StopCheck& stop, bool& disk_fault) {
  disk_fault = true;
  std::error_code error;
  if (fs::create_directories(path.parent_path(), error); error) {
    return ErrnoStatus(error.value(), absl::StrCat("mkdir ", path.parent_path().string()));
  }
  PruneCache(path.parent_path(), kMostCacheBytes);
  FP4_ASSIGN_OR_RETURN(UniqueFd fd, WriteCache(files, tokenizer, path, stop, disk_fault));
  PruneCache(path.parent_path(), kMostCacheBytes);
  return DataFile::Adopt(std::move(fd), path);
}

}  // namespace

absl::StatusOr<std::vector<TextFile>> HashFiles(std::span<const std::string> paths,
                                                const StopCheck& stop) {
  std::vector<TextFile> files;
  for (const std::string& path : paths) {
    FP4_ASSIGN_OR_RETURN(const std::unique_ptr<DataFile> file, DataFile::Open(path));
    FP4_ASSIGN_OR_RETURN(std::string sha256, file->Sha256(stop));
    files.push_back({path, std::move(sha256)});
  }
  return files;
}

absl::StatusOr<CachedTokens> LoadOrTokenize(std::span<const TextFile> files,
                                            const std::shared_ptr<const Tokenizer>& tokenizer,
                                            std::span<const fs::path> folders,
                                            const StopCheck& stop) {
  const std::string name = absl::StrCat(CacheKey(files, *tokenizer), std::string(kCacheSuffix));
  CachedTokens tokens;
  for (const fs::path& folder : folders) {
    FP4_ASSIGN_OR_RETURN(tokens.file, OpenCached(folder / name, files.size(), stop));
    if (tokens.file != nullptr) break;
  }
  absl::Status last_error = absl::UnavailableError("no folder for tokens");
  for (size_t i = 0; i < folders.size() && tokens.file == nullptr; ++i) {
    bool disk_fault = false;
    auto made = MakeCached(files, tokenizer, folders[i] / name, stop, disk_fault);
    if (made.ok()) {
      tokens.file = *std::move(made);
      break;
    }
    last_error = made.status();
    if (!disk_fault) return last_error;
    tokens.warnings.push_back(
        absl::StrCat("tokens cannot be kept in ", folders[i].string(), ": ", last_error.message()));
  }
  if (tokens.file == nullptr) return MachineFault(last_error);
  FP4_ASSIGN_OR_RETURN(tokens.documents, Documents(*tokens.file, files));
  return tokens;
}

}  // namespace fp4::trainer
