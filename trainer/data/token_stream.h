#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fp4::trainer {

// The tokens of one file.
struct TokenDocument {
  std::string path;                  // for messages
  std::span<const uint16_t> tokens;  // lives as long as whoever made it says
};

// Documents one after the other, without anything between them. Does not own the tokens.
class TokenStream {
 public:
  TokenStream() = default;
  explicit TokenStream(std::vector<TokenDocument> documents);

  int64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  int64_t num_documents() const { return static_cast<int64_t>(documents_.size()); }

  // tokens.size() ids from `offset` on; they must lie within the stream.
  void Copy(int64_t offset, std::span<int64_t> tokens) const;

  // INVALID_ARGUMENT names the file, the offset in it (in tokens) and the first id >= vocab_size.
  absl::Status CheckIds(int64_t vocab_size) const;

 private:
  std::vector<TokenDocument> documents_;
  std::vector<int64_t> ends_;  // where each document ends
};

}  // namespace fp4::trainer
