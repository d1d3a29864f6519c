#include "server/store/page_token.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/reasons.h"
#include "server/store/reader.h"

namespace fp4::store {

std::string MakePageToken(const std::string& list, const std::vector<int64_t>& position) {
  return absl::WebSafeBase64Escape(absl::StrCat(list, ":", absl::StrJoin(position, ":")));
}

absl::StatusOr<std::vector<int64_t>> ParsePageToken(const std::string& list,
                                                    const std::string& token, size_t num_numbers) {
  std::string text;
  std::vector<std::string> parts;
  if (absl::WebSafeBase64Unescape(token, &text)) parts = absl::StrSplit(text, ':');
  bool good = parts.size() == num_numbers + 1 && parts[0] == list;
  std::vector<int64_t> position(num_numbers);
  for (size_t i = 0; good && i < num_numbers; ++i) {
    good = absl::SimpleAtoi(parts[i + 1], &position[i]);
  }
  if (good) return position;
  return PageTokenError(token);
}

absl::Status PageTokenError(const std::string& token) {
  return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
                         absl::StrCat("page_token '", absl::CHexEscape(token),
                                      "' is not one that this call has given"));
}

absl::StatusOr<int64_t> PageSize(int requested) {
  if (requested < 0) {
    return ErrorWithReason(absl::StatusCode::kInvalidArgument, reason::kInvalidArgument,
                           absl::StrCat("page_size is ", requested, "; 0 or more is allowed"));
  }
  return requested == 0 ? kDefaultPageSize : std::min(requested, kMaxPageSize);
}

}  // namespace fp4::store
