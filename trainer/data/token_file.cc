#include "trainer/data/token_file.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "token files are read as they are");

constexpr int64_t kHeaderBytes = 1024;
constexpr int32_t kMagicUint16 = 20240520;
constexpr int32_t kMagicUint32 = 20240801;
// Fewer pairs of words prove nothing.
constexpr int64_t kLeastPairs = 64;

int32_t HeaderWord(std::string_view head, size_t index) {
  int32_t word;
  std::memcpy(&word, head.data() + 4 * index, sizeof word);
  return word;
}

// Whether 16-bit words look like 32-bit ids: the upper half of each is zero, the lower rarely.
bool LooksLike32BitIds(std::string_view words) {
  const auto num_pairs = static_cast<int64_t>(words.size() / 4);
  int64_t num_nonzero = 0;
  for (int64_t pair = 0; pair < num_pairs; ++pair) {
    uint16_t halves[2];
    std::memcpy(halves, words.data() + 4 * pair, sizeof halves);
    if (halves[1] != 0) return false;
    num_nonzero += halves[0] != 0;
  }
  return num_pairs >= kLeastPairs && 2 * num_nonzero > num_pairs;
}

absl::StatusOr<TokenFileLayout> ReadLlmcHeader(const std::string& path, std::string_view head,
                                               int64_t size) {
  const int32_t version = HeaderWord(head, 1), num_tokens = HeaderWord(head, 2);
  const int64_t rest = size - kHeaderBytes;
  if (version == 1 && num_tokens >= 0 && rest == int64_t{2} * num_tokens) {
    return TokenFileLayout{.offset = kHeaderBytes, .num_tokens = num_tokens};
  }
  return absl::InvalidArgumentError(absl::StrCat(path, ": its llm.c header says version ", version,
                                                 " and ", num_tokens, " tokens, but ", rest / 2,
                                                 " tokens follow it (version 1 is known)"));
}

}  // namespace

absl::StatusOr<TokenFileLayout> ParseTokenFile(const std::string& path, std::string_view head,
                                               int64_t size) {
  const int32_t magic = size >= kHeaderBytes ? HeaderWord(head, 0) : 0;
  if (magic == kMagicUint32) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is an llm.c file of 32-bit ids (magic ",
                                                   magic, "); 16-bit ids are supported"));
  }
  if (size % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has ", size, " bytes; 16-bit ids take an even number"));
  }
  TokenFileLayout layout{.offset = 0, .num_tokens = size / 2};
  if (magic == kMagicUint16) {
    FP4_ASSIGN_OR_RETURN(layout, ReadLlmcHeader(path, head, size));
  }
  if (LooksLike32BitIds(head.substr(static_cast<size_t>(layout.offset)))) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        ": every second 16-bit word is 0, so this looks like a file of 32-bit ids; 16-bit "
        "ids are supported: write it anew as uint16"));
  }
  return layout;
}

}  // namespace fp4::trainer
