#include "base/student_t.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace fp4 {
namespace {

constexpr double kTiny = 1e-300;
// Enough for 10^9 degrees: the fraction converges within a few times the root of the larger
// parameter.
constexpr int kMaxTerms = 200'000;

double AwayFromZero(double value) { return std::abs(value) < kTiny ? kTiny : value; }

// The continued fraction of I_x(a, b), good for x < (a + 1) / (a + b + 2).
double BetaFraction(double a, double b, double x) {
  double c = 1, d = 1 / AwayFromZero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m <= kMaxTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / AwayFromZero(1 + even * d);
    c = AwayFromZero(1 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / AwayFromZero(1 + odd * d);
    c = AwayFromZero(1 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1) <= std::numeric_limits<double>::epsilon()) break;
  }
  return value;
}

// I_x(a, b), with y = 1 - x given too: near 1 it has digits that x has lost.
double IncompleteBetaOf(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log(y));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, y) / b;
}

// P(|T| > t) for t = tan(angle) * sqrt(degrees), 0 <= angle <= pi / 2.
double TailBeyond(double angle, int degrees) {
  const double cosine = std::cos(angle), sine = std::sin(angle);
  return IncompleteBetaOf(degrees / 2.0, 0.5, cosine * cosine, sine * sine);
}

}  // namespace

double IncompleteBeta(double a, double b, double x) { return IncompleteBetaOf(a, b, x, 1 - x); }

double StudentTwoSidedTail(double t, int degrees) {
  return TailBeyond(std::atan(std::abs(t) / std::sqrt(static_cast<double>(degrees))), degrees);
}

double StudentUpperTail(double t, int degrees) {
  const double half = StudentTwoSidedTail(t, degrees) / 2;
  return t >= 0 ? half : 1 - half;
}

double StudentTwoSided(double probability, int degrees) {
  constexpr double kSmallestAngle = 1e-30;
  double low = 0, high = std::numbers::pi / 2;
  while (high > kSmallestAngle) {
    const double middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;  // neighbours
    (TailBeyond(middle, degrees) > 1 - probability ? low : high) = middle;
  }
  return std::tan(high) * std::sqrt(static_cast<double>(degrees));
}

double StudentOneSided(double probability, int degrees) {
  return StudentTwoSided(2 * probability - 1, degrees);
}

}  // namespace fp4
