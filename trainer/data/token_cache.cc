#include "trainer/data/token_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

struct Header {
  char magic[8];
  uint64_t num_documents;
  uint64_t num_tokens;
  char sha256[64];
};
constexpr char kMagic[8] = {'F', 'P', '4', 'T', 'O', 'K', '0', '1'};

template <typename T>
std::string_view BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

size_t PaddingAfter(uint64_t num_tokens) { return (8 - num_tokens * sizeof(uint16_t) % 8) % 8; }

std::string CacheKey(std::span<const TextFile> files, const Tokenizer& tokenizer) {
  Sha256 sha;
  sha.Update(tokenizer.identity());
  for (const TextFile& file : files) sha.Update("\n" + file.sha256);
  return sha.HexDigest();
}

// Writes the file part by part under a name of its own; the header comes last, when the sums are
// known.
class CacheWriter {
 public:
  static absl::StatusOr<std::unique_ptr<CacheWriter>> Create(const std::filesystem::path& path) {
    std::string temporary = path.string() + ".tmp-XXXXXX";
    UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd.valid()) return ErrnoStatus(errno, absl::StrCat("create ", temporary));
    auto writer = std::make_unique<CacheWriter>(std::move(fd), std::move(temporary));
    const Header blank = {};
    FP4_RETURN_IF_ERROR(
        WriteAll(writer->fd_.get(), {reinterpret_cast<const char*>(&blank), sizeof blank}));
    return writer;
  }

  CacheWriter(UniqueFd fd, std::string temporary)
      : fd_(std::move(fd)), temporary_(std::move(temporary)) {}
  ~CacheWriter() {
    if (fd_.valid()) unlink(temporary_.c_str());
  }

  absl::Status Append(std::string_view bytes) {
    sha_.Update(bytes);
    return WriteAll(fd_.get(), bytes);
  }

  absl::Status Finish(uint64_t num_documents, uint64_t num_tokens,
                      const std::filesystem::path& path) {
    Header header = {};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.num_documents = num_documents;
    header.num_tokens = num_tokens;
    std::memcpy(header.sha256, sha_.HexDigest().data(), sizeof header.sha256);
    if (pwrite(fd_.get(), &header, sizeof header, 0) != sizeof header || fsync(fd_.get()) != 0 ||
        rename(temporary_.c_str(), path.c_str()) != 0) {
      return ErrnoStatus(errno, absl::StrCat("write ", path.string()));
    }
    fd_ = UniqueFd();
    return SyncFolder(path.parent_path());
  }

 private:
  UniqueFd fd_;
  std::string temporary_;
  Sha256 sha_;
};

absl::Status Tokenize(const TextFile& file, const Tokenizer& tokenizer,
                      std::vector<uint16_t>& ids) {
  FP4_ASSIGN_OR_RETURN(const std::string content, ReadFile(file.path));
  if (Sha256Hex(content) != file.sha256) {
    return absl::AbortedError(absl::StrCat(file.path, ": changed while it was being read"));
  }
  const absl::Status status = tokenizer.Encode(content, ids);
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(file.path, ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::Status WriteCache(std::span<const TextFile> files, const Tokenizer& tokenizer,
                        const std::filesystem::path& path) {
  FP4_ASSIGN_OR_RETURN(const std::unique_ptr<CacheWriter> writer, CacheWriter::Create(path));
  std::vector<uint64_t> ends;
  uint64_t num_tokens = 0;
  for (const TextFile& file : files) {
    std::vector<uint16_t> ids;
    FP4_RETURN_IF_ERROR(Tokenize(file, tokenizer, ids));
    FP4_RETURN_IF_ERROR(writer->Append(BytesOf(ids)));
    num_tokens += ids.size();
    ends.push_back(num_tokens);
  }
  FP4_RETURN_IF_ERROR(writer->Append(std::string(PaddingAfter(num_tokens), '\0')));
  FP4_RETURN_IF_ERROR(writer->Append(BytesOf(ends)));
  return writer->Finish(ends.size(), num_tokens, path);
}

// False: these bytes are not a whole cache file of that many documents.
bool IsWhole(std::string_view bytes, size_t num_documents) {
  if (bytes.size() < sizeof(Header)) return false;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.remove_prefix(sizeof header);
  const bool sizes_fit =
      header.num_documents == num_documents && header.num_tokens <= bytes.size() / 2 &&
      bytes.size() == 2 * header.num_tokens + PaddingAfter(header.num_tokens) + 8 * num_documents;
  return sizes_fit && std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 &&
         Sha256Hex(bytes) == std::string_view(header.sha256, sizeof header.sha256);
}

std::vector<TokenDocument> Documents(std::string_view bytes, std::span<const TextFile> files) {
  const auto* tokens = reinterpret_cast<const uint16_t*>(bytes.data() + sizeof(Header));
  const std::string_view ends = bytes.substr(bytes.size() - 8 * files.size());
  std::vector<TokenDocument> documents;
  uint64_t start = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    uint64_t end;
    std::memcpy(&end, ends.data() + 8 * i, sizeof end);
    documents.push_back({files[i].path, std::span(tokens + start, end - start)});
    start = end;
  }
  return documents;
}

}  // namespace

absl::StatusOr<std::vector<TextFile>> HashFiles(std::span<const std::string> paths) {
  std::vector<TextFile> files;
  for (const std::string& path : paths) {
    FP4_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
    files.push_back({path, Sha256Hex(file.bytes())});
  }
  return files;
}

absl::StatusOr<CachedTokens> LoadOrTokenize(std::span<const TextFile> files,
                                            const Tokenizer& tokenizer,
                                            const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), absl::StrCat("mkdir ", folder.string()));
  const std::filesystem::path path = folder / (CacheKey(files, tokenizer) + ".tokens");
  bool whole = false;
  if (std::filesystem::exists(path, error)) {
    FP4_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
    whole = IsWhole(file.bytes(), files.size());
  }
  if (!whole) FP4_RETURN_IF_ERROR(WriteCache(files, tokenizer, path));
  FP4_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  std::vector<TokenDocument> documents = Documents(file.bytes(), files);
  return CachedTokens{std::move(file), std::move(documents)};
}

}  // namespace fp4::trainer
