#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/sha256.h"

namespace fp4::trainer {

inline constexpr std::string_view kCacheSuffix = ".tokens";
inline constexpr std::string_view kCacheTemporary = ".tokens.tmp-";

// The first bytes of a cache file; see trainer/data/token_cache.h.
struct CacheHeader {
  char magic[8];
  uint64_t num_documents;
  uint64_t num_tokens;
  char sha256[64];
};
inline constexpr char kCacheMagic[8] = {'F', 'P', '4', 'T', 'O', 'K', '0', '1'};

// Writes a cache file part by part under a name of its own; the header comes last, when the sums
// are known. The file is locked (flock) while it is written, so that PruneCache of another process
// can tell it from what a killed one left. Not thread-safe. Errors are of the disk.
class CacheWriter {
 public:
  static absl::StatusOr<std::unique_ptr<CacheWriter>> Create(const std::filesystem::path& path);

  CacheWriter(UniqueFd fd, std::string temporary)
      : fd_(std::move(fd)), temporary_(std::move(temporary)) {}
  // Removes what was not finished.
  ~CacheWriter();

  absl::Status Append(std::string_view bytes);

  // Gives the file its name and returns it, open for reading, with a shared lock. Nothing else may
  // be called afterwards.
  absl::StatusOr<UniqueFd> Finish(uint64_t num_documents, uint64_t num_tokens,
                                  const std::filesystem::path& path);

 private:
  UniqueFd fd_;
  std::string temporary_;
  Sha256 sha_;
};

}  // namespace fp4::trainer
