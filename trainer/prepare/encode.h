#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/stop_check.h"
#include "trainer/data/tokenizer.h"
#include "trainer/prepare/documents.h"

namespace fp4::trainer {

// A document as ids, its separator included, and the place behind it.
struct EncodedDocument {
  std::vector<uint16_t> ids;
  DocumentPlace end;
};

// Encodes documents by several threads, some at a time, and gives them in their order. Not
// thread-safe; `reader` outlives it.
class DocumentEncoder {
 public:
  // `separator`: the id behind each document; nothing: none.
  DocumentEncoder(DocumentReader& reader, std::shared_ptr<const Tokenizer> tokenizer,
                  std::optional<uint16_t> separator, int num_threads);

  // The next document; nothing: that was the last. The errors are those of the reader;
  // INVALID_ARGUMENT where the tokenizer cannot; CANCELLED.
  absl::StatusOr<std::optional<EncodedDocument>> Next(const StopCheck& stop);

 private:
  absl::Status Refill(const StopCheck& stop);

  DocumentReader& reader_;
  const std::shared_ptr<const Tokenizer> tokenizer_;
  const std::optional<uint16_t> separator_;
  const int num_threads_;
  std::vector<EncodedDocument> ready_;  // from next_ on
  size_t next_ = 0;
};

}  // namespace fp4::trainer
