#include "page/svg/numbers.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fp4::page::svg {
namespace {

constexpr int kMostDecimals = 4, kMostDigits = 12;

std::string WithoutZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace

std::string Coordinate(double value) { return WithoutZeros(absl::StrFormat("%.2f", value)); }

std::string Percent(double share) { return Coordinate(share * 100) + "%"; }

std::string TickLabel(double value, double step) {
  if (value == 0 || std::abs(value) < std::abs(step) * 1e-9) return "0";
  const double size = std::max(std::abs(value), std::abs(step));
  if (size >= 1e9) return absl::StrFormat("%.3g", value);
  if (size >= 1e6) return WithoutZeros(absl::StrFormat("%.3f", value / 1e6)) + "M";
  if (size >= 1e4) return WithoutZeros(absl::StrFormat("%.3f", value / 1e3)) + "k";
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  if (decimals > kMostDecimals) {
    // As many digits as tell it from its neighbours.
    const int digits = static_cast<int>(std::ceil(std::log10(std::abs(value) / step))) + 1;
    return absl::StrFormat("%.*g", std::clamp(digits, 1, kMostDigits), value);
  }
  return absl::StrFormat("%.*f", decimals, value);
}

std::string ValueText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return absl::StrFormat("%.4g", value);
}

}  // namespace fp4::page::svg
