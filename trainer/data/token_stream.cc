#include "trainer/data/token_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kIdBytes = sizeof(uint16_t);
constexpr int64_t kPieceTokens = 1 << 19;

absl::Status ReadTokens(const TokenDocument& document, int64_t first, std::span<uint16_t> ids) {
  return document.file->Read(document.offset + first * kIdBytes, std::as_writable_bytes(ids));
}

absl::Status CheckIdsOf(const TokenDocument& document, int64_t vocab_size, const StopCheck& stop) {
  std::vector<uint16_t> buffer(
      static_cast<size_t>(std::min<int64_t>(kPieceTokens, document.num_tokens)));
  for (int64_t first = 0; first < document.num_tokens; first += kPieceTokens) {
    if (stop()) return Stopped();
    const auto count = std::min<int64_t>(kPieceTokens, document.num_tokens - first);
    const auto ids = std::span(buffer).first(static_cast<size_t>(count));
    FP4_RETURN_IF_ERROR(ReadTokens(document, first, ids));
    const auto bad =
        std::ranges::find_if(ids, [vocab_size](uint16_t id) { return id >= vocab_size; });
    if (bad == ids.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(document.path, ": token ",
                                                   first + (bad - ids.begin()), " has id ", *bad,
                                                   ", but model.vocab_size is ", vocab_size));
  }
  return absl::OkStatus();
}

}  // namespace

TokenStream::TokenStream(std::vector<TokenDocument> documents) : documents_(std::move(documents)) {
  int64_t end = 0;
  for (const TokenDocument& document : documents_) {
    end += document.num_tokens;
    ends_.push_back(end);
  }
}

std::vector<std::string> TokenStream::EmptyDocuments() const {
  std::vector<std::string> empty;
  for (const TokenDocument& document : documents_) {
    if (document.num_tokens == 0) empty.push_back(document.path);
  }
  return empty;
}

absl::Status TokenStream::Copy(int64_t offset, std::span<int64_t> tokens) const {
  size_t index =
      static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), offset) - ends_.begin());
  std::vector<uint16_t> ids(tokens.size());
  while (!tokens.empty()) {
    const TokenDocument& document = documents_[index];
    const int64_t first = offset - (ends_[index] - document.num_tokens);
    const size_t count = std::min(tokens.size(), static_cast<size_t>(document.num_tokens - first));
    const auto part = std::span(ids).first(count);
    FP4_RETURN_IF_ERROR(ReadTokens(document, first, part));
    std::ranges::copy(part, tokens.begin());
    tokens = tokens.subspan(count);
    offset += static_cast<int64_t>(count);
    ++index;
  }
  return absl::OkStatus();
}

absl::Status TokenStream::CheckIds(int64_t vocab_size, const StopCheck& stop) const {
  for (const TokenDocument& document : documents_) {
    FP4_RETURN_IF_ERROR(CheckIdsOf(document, vocab_size, stop));
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
