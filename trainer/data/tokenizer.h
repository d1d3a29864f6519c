#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::trainer {

// Text to token ids. Thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Tells tokenizers apart: "bytes", or the sha256 of the model file.
  virtual std::string identity() const = 0;

  // Every id that it gives is below this.
  virtual int vocabulary() const = 0;

  // The id that marks the end of a text, which Encode never gives; nothing: it has none.
  virtual std::optional<int> end_id() const { return std::nullopt; }

  // Appends the ids of one document; no begin or end marker is added. INVALID_ARGUMENT when it
  // cannot.
  virtual absl::Status Encode(std::string_view document, std::vector<uint16_t>& ids) const = 0;
};

// `tokenizer` as in the document: "bytes" (an id is a byte's value), or a SentencePiece model file.
// INVALID_ARGUMENT when the file is not one, or holds more than 65,536 pieces, or may not be read;
// NOT_FOUND when there is none; UNAVAILABLE: a fault of the machine.
absl::StatusOr<std::unique_ptr<Tokenizer>> OpenTokenizer(const std::string& tokenizer);

}  // namespace fp4::trainer
