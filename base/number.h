// Numbers as people write them, on command lines and in small files. A number beyond its type or
// its range is refused, never cut to the nearest one that fits.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fp4 {

// `text` as a whole is a number from `min` to `max`, both allowed: decimal digits behind an
// optional minus, and for floating point a fraction and an exponent. Neither spaces nor a plus nor
// NaN nor infinity. INVALID_ARGUMENT says what is allowed and shows `text` as typed: "'-1' is not a
// whole number from 0 to 10". Defined for int, int64_t, uint64_t, float and double.
template <class T>
absl::StatusOr<T> ParseNumber(std::string_view text, T min = std::numeric_limits<T>::lowest(),
                              T max = std::numeric_limits<T>::max());

// What ParseNumber says is wrong with a text, and nothing where it is a number: the form of a check
// that command line libraries take. CLI11 converts only what has passed its checks.
template <class T>
std::function<std::string(const std::string&)> NumberCheck(T min = std::numeric_limits<T>::lowest(),
                                                           T max = std::numeric_limits<T>::max()) {
  return [min, max](const std::string& text) {
    const absl::StatusOr<T> number = ParseNumber<T>(text, min, max);
    return number.ok() ? std::string() : std::string(number.status().message());
  };
}

}  // namespace fp4
