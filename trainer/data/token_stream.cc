#include "trainer/data/token_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fp4::trainer {

TokenStream::TokenStream(std::vector<TokenDocument> documents) : documents_(std::move(documents)) {
  int64_t end = 0;
  for (const TokenDocument& document : documents_) {
    end += static_cast<int64_t>(document.tokens.size());
    ends_.push_back(end);
  }
}

void TokenStream::Copy(int64_t offset, std::span<int64_t> tokens) const {
  size_t document =
      static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), offset) - ends_.begin());
  while (!tokens.empty()) {
    const std::span<const uint16_t> from = documents_[document].tokens;
    const size_t start = static_cast<size_t>(offset - ends_[document]) + from.size();
    const size_t count = std::min(tokens.size(), from.size() - start);
    std::copy_n(from.begin() + static_cast<int64_t>(start), count, tokens.begin());
    tokens = tokens.subspan(count);
    offset += static_cast<int64_t>(count);
    ++document;
  }
}

absl::Status TokenStream::CheckIds(int64_t vocab_size) const {
  for (const TokenDocument& document : documents_) {
    const auto bad = std::find_if(document.tokens.begin(), document.tokens.end(),
                                  [vocab_size](uint16_t id) { return id >= vocab_size; });
    if (bad == document.tokens.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(document.path, ": token ",
                                                   bad - document.tokens.begin(), " has id ", *bad,
                                                   ", but model.vocab_size is ", vocab_size));
  }
  return absl::OkStatus();
}

}  // namespace fp4::trainer
