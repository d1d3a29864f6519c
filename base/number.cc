#include "base/number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "absl/strings/str_cat.h"

namespace fp4 {
namespace {

constexpr size_t kLongestShown = 60;

// As typed, but not without end.
std::string Shown(std::string_view text) {
  if (text.size() <= kLongestShown) return std::string(text);
  return absl::StrCat(std::string(text.substr(0, kLongestShown)), "…");
}

template <class T>
std::string Bound(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
  } else {
    return absl::StrCat(value);
  }
}

}  // namespace

template <class T>
absl::StatusOr<T> ParseNumber(std::string_view text, T min, T max) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  bool good = error == std::errc() && parsed == end && value >= min && value <= max;
  if constexpr (std::is_floating_point_v<T>) good = good && std::isfinite(value);
  if (good) return value;
  return absl::InvalidArgumentError(absl::StrCat("'", Shown(text), "' is not a ",
                                                 std::is_integral_v<T> ? "whole " : "",
                                                 "number from ", Bound(min), " to ", Bound(max)));
}

template absl::StatusOr<int> ParseNumber(std::string_view, int, int);
template absl::StatusOr<int64_t> ParseNumber(std::string_view, int64_t, int64_t);
template absl::StatusOr<uint64_t> ParseNumber(std::string_view, uint64_t, uint64_t);
template absl::StatusOr<float> ParseNumber(std::string_view, float, float);
template absl::StatusOr<double> ParseNumber(std::string_view, double, double);

}  // namespace fp4
