#include "trainer/data/token_file.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace fp4::trainer {
namespace {

static_assert(std::endian::native == std::endian::little, "token files are mapped as they are");

constexpr size_t kHeaderBytes = 1024;
constexpr int32_t kMagicUint16 = 20240520;
constexpr int32_t kMagicUint32 = 20240801;

int32_t HeaderWord(std::string_view bytes, size_t index) {
  int32_t word;
  std::memcpy(&word, bytes.data() + 4 * index, sizeof word);
  return word;
}

}  // namespace

absl::StatusOr<std::span<const uint16_t>> ParseTokenFile(const std::string& path,
                                                         std::string_view bytes) {
  const int32_t magic = bytes.size() >= kHeaderBytes ? HeaderWord(bytes, 0) : 0;
  if (magic == kMagicUint32) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is an llm.c file of 32-bit ids (magic ",
                                                   magic, "); 16-bit ids are supported"));
  }
  if (bytes.size() % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has ", bytes.size(), " bytes; 16-bit ids take an even number"));
  }
  if (magic == kMagicUint16) {
    const int32_t version = HeaderWord(bytes, 1), num_tokens = HeaderWord(bytes, 2);
    bytes.remove_prefix(kHeaderBytes);
    if (version != 1 || num_tokens < 0 || bytes.size() != 2 * static_cast<size_t>(num_tokens)) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": its llm.c header says version ", version, " and ", num_tokens, " tokens, but ",
          bytes.size() / 2, " tokens follow it (version 1 is known)"));
    }
  }
  return std::span(reinterpret_cast<const uint16_t*>(bytes.data()), bytes.size() / 2);
}

}  // namespace fp4::trainer
