// Numbers and times as people read them. A number that is not finite is "NaN", "Infinity" or
// "-Infinity".
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace fp4::client {

std::string FormatFixed(double value, int digits);

// For a number of any size: whole numbers as they are, others with six significant digits.
std::string FormatValue(double value);

// As FormatFixed with a sign always: "+0.0123".
std::string FormatSigned(double value, int digits);

// "999", "12.3k", "4.56M": three significant digits.
std::string FormatCount(double value);

// When something was, in local time: "14:03:59" on the day of `now`, else "2026-01-02 14:03:59".
std::string FormatWhen(absl::Time time, absl::Time now);

// "0.4s", "48s", "3m12s", "2h05m", "3d04h"; negative counts as zero.
std::string FormatInterval(absl::Duration interval);

}  // namespace fp4::client
