#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fp4::trainer {

// The files that `patterns` name, in the order of the patterns, those of one pattern in byte order;
// a file that several name, through symbolic links too, stands at its first place. A pattern that
// exists as it is written is
// that file; otherwise * ? [ ] are as in the shell, folders that match are left out. `field`
// ("data.paths") is for errors: NOT_FOUND for a pattern without a match, INVALID_ARGUMENT for ** or
// no patterns at all.
absl::StatusOr<std::vector<std::string>> ExpandPatterns(std::span<const std::string> patterns,
                                                        std::string_view field);

}  // namespace fp4::trainer
