// Tokenized documents kept in one file, so that a corpus is tokenized once, whatever the number of
// runs.
//
// Layout, little-endian: "FP4TOK01", uint64 documents, uint64 tokens, 64 hexadecimal digits (sha256
// of all that follows), the tokens (uint16), padding to 8 bytes, the end of each document (uint64,
// in tokens).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/data/mapped_file.h"
#include "trainer/data/token_stream.h"
#include "trainer/data/tokenizer.h"

namespace fp4::trainer {

// A text file and the sha256 of its content.
struct TextFile {
  std::string path;
  std::string sha256;
};

// The sha256 of each file.
absl::StatusOr<std::vector<TextFile>> HashFiles(std::span<const std::string> paths);

struct CachedTokens {
  MappedFile file;
  std::vector<TokenDocument> documents;  // one a file, in order; they point into `file`
};

// The tokens of `files`, from `folder` if they are there (found by content and tokenizer, not by
// path) and whole, else tokenized now and stored: any number of processes may do so at once. A
// damaged cache file is replaced. ABORTED: a file changed since it was hashed.
absl::StatusOr<CachedTokens> LoadOrTokenize(std::span<const TextFile> files,
                                            const Tokenizer& tokenizer,
                                            const std::filesystem::path& folder);

}  // namespace fp4::trainer
