#include "base/duration.h"

#include "absl/strings/str_cat.h"

namespace fp4 {

absl::StatusOr<absl::Duration> ParseDurationBetween(std::string_view text, absl::Duration min,
                                                    absl::Duration max) {
  absl::Duration duration;
  if (absl::ParseDuration(std::string(text), &duration) && duration >= min && duration <= max)
    return duration;
  const auto written = [](absl::Duration each) {
    return each >= absl::Hours(1) ? absl::StrCat(absl::ToInt64Hours(each), "h")
                                  : absl::FormatDuration(each);
  };
  return absl::InvalidArgumentError(absl::StrCat("'", std::string(text),
                                                 "' is not a duration from ", written(min), " to ",
                                                 written(max), ", such as 90s or 30m"));
}

}  // namespace fp4
