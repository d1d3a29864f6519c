// Where a page ended, in a form that callers pass back and do not read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::store {

// `list` names the call that made it.
std::string MakePageToken(const std::string& list, const std::vector<int64_t>& position);

// INVALID_ARGUMENT: not a token of that list, or not with `num_numbers` numbers.
absl::StatusOr<std::vector<int64_t>> ParsePageToken(const std::string& list,
                                                    const std::string& token, size_t num_numbers);

// INVALID_ARGUMENT: the token is not one that the call has given.
absl::Status PageTokenError(const std::string& token);

// How many items a page has: `requested`, 0 for the default, at most kMaxPageSize.
absl::StatusOr<int64_t> PageSize(int requested);

}  // namespace fp4::store
