#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/stop_check.h"
#include "trainer/data/data_file.h"

namespace fp4::trainer {

// The tokens of one document: little-endian uint16 ids that lie somewhere in a file.
struct TokenDocument {
  std::string path;                // for messages: the document's, which need not be the file's
  const DataFile* file = nullptr;  // lives as long as whoever made it says
  int64_t offset = 0;              // of the first id, in bytes
  int64_t num_tokens = 0;
};

// Documents one after the other, without anything between them. Does not own the files. Immutable,
// thread-safe.
class TokenStream {
 public:
  TokenStream() = default;
  explicit TokenStream(std::vector<TokenDocument> documents);

  int64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  int64_t num_documents() const { return static_cast<int64_t>(documents_.size()); }

  // Those without a token.
  std::vector<std::string> EmptyDocuments() const;

  // tokens.size() ids from `offset` on; they must lie within the stream. The errors are those of
  // DataFile::Read; `tokens` is then partly written.
  absl::Status Copy(int64_t offset, std::span<int64_t> tokens) const;

  // Reads everything. INVALID_ARGUMENT names the file, the offset in it (in tokens) and the first
  // id >= vocab_size; CANCELLED: `stop` asked for it.
  absl::Status CheckIds(int64_t vocab_size, const StopCheck& stop) const;

 private:
  std::vector<TokenDocument> documents_;
  std::vector<int64_t> ends_;  // where each document ends
};

}  // namespace fp4::trainer
