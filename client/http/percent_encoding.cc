#include "client/http/percent_encoding.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace fp4::client {

std::string PercentEncoded(std::string_view text, std::string_view kept) {
  constexpr std::string_view kUnreserved = "-._~";
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        kUnreserved.find(c) != kUnreserved.npos || kept.find(c) != kept.npos) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace fp4::client
