// Tokenized documents kept in one file, so that a corpus is tokenized once, whatever the number of
// runs.
//
// Layout, little-endian: "FP4TOK01", uint64 documents, uint64 tokens, 64 hexadecimal digits (sha256
// of all that follows), the tokens (uint16), padding to 8 bytes, the end of each document (uint64,
// in tokens).
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/stop_check.h"
#include "trainer/data/data_file.h"
#include "trainer/data/token_stream.h"
#include "trainer/data/tokenizer.h"

namespace fp4::trainer {

// A text file and the sha256 of its content.
struct TextFile {
  std::string path;
  std::string sha256;
};

// The sha256 of each file. The errors are those of DataFile; CANCELLED: `stop` asked for it.
absl::StatusOr<std::vector<TextFile>> HashFiles(std::span<const std::string> paths,
                                                const StopCheck& stop = NeverStop);

struct CachedTokens {
  std::unique_ptr<DataFile> file;
  std::vector<TokenDocument> documents;  // one a file, in order; they lie in `file`
  // Why a folder could not be used, one sentence each; the tokens are from the next one.
  std::vector<std::string> warnings;
};

// The tokens of `files`, from the first of `folders` (made if absent) that has them whole (found by
// content and tokenizer, not by path), else tokenized now and kept in the first one that takes
// them: any number of processes may do so at once. A damaged cache file is replaced. As long as the
// result lives, PruneCache leaves its file alone.
//
// ABORTED: a file changed since it was hashed. INVALID_ARGUMENT: the tokenizer cannot encode it.
// UNAVAILABLE: no folder could be used, or a fault of the machine. CANCELLED: `stop` asked for it.
absl::StatusOr<CachedTokens> LoadOrTokenize(std::span<const TextFile> files,
                                            const std::shared_ptr<const Tokenizer>& tokenizer,
                                            std::span<const std::filesystem::path> folders,
                                            const StopCheck& stop = NeverStop);

// What one cache folder may hold, in bytes.
inline constexpr int64_t kMostCacheBytes = int64_t{32} << 30;

// Removes what processes left half written that were killed, and then, while the cache files of
// `folder` have more than `most_bytes` together, the one not used for the longest time. What a
// process writes or has open stays. What cannot be removed stays, without a word.
void PruneCache(const std::filesystem::path& folder, int64_t most_bytes);

}  // namespace fp4::trainer
