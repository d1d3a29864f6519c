#include "client/render/numbers.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace fp4::client {
namespace {

std::string NotFinite(double value) {
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

}  // namespace

std::string FormatFixed(double value, int digits) {
  return std::isfinite(value) ? absl::StrFormat("%.*f", digits, value) : NotFinite(value);
}

std::string FormatValue(double value) {
  if (!std::isfinite(value)) return NotFinite(value);
  const bool whole = value == std::trunc(value) && std::abs(value) < 1e15;
  return whole ? absl::StrFormat("%.0f", value) : absl::StrFormat("%.6g", value);
}

std::string FormatSigned(double value, int digits) {
  return std::isfinite(value) ? absl::StrFormat("%+.*f", digits, value) : NotFinite(value);
}

std::string FormatCount(double value) {
  if (!std::isfinite(value)) return NotFinite(value);
  static constexpr const char* kUnits[] = {"", "k", "M", "G", "T"};
  size_t unit = 0;
  // 999.5 would be printed as 1000.
  while (std::abs(value) >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  const int digits = unit == 0 || std::abs(value) >= 99.95 ? 0 : std::abs(value) >= 9.995 ? 1 : 2;
  return absl::StrFormat("%.*f%s", digits, value, kUnits[unit]);
}

std::string FormatWhen(absl::Time time, absl::Time now) {
  const absl::TimeZone zone = absl::LocalTimeZone();
  const bool today = absl::ToCivilDay(time, zone) == absl::ToCivilDay(now, zone);
  return absl::FormatTime(today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", time, zone);
}

std::string FormatInterval(absl::Duration interval) {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(interval));
  if (seconds < 9.95) return absl::StrFormat("%.1fs", seconds);
  const auto whole = static_cast<int64_t>(std::llround(std::min(seconds, 1e15)));
  if (whole < 60) return absl::StrFormat("%ds", whole);
  if (whole < 3600) return absl::StrFormat("%dm%02ds", whole / 60, whole % 60);
  if (whole < 86400) return absl::StrFormat("%dh%02dm", whole / 3600, whole % 3600 / 60);
  return absl::StrFormat("%dd%02dh", whole / 86400, whole % 86400 / 3600);
}

}  // namespace fp4::client
