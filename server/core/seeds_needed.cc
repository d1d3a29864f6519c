#include <cmath>

#include "base/student_t.h"
#include "server/core/verdict.h"

namespace fp4::core {
namespace {

constexpr double kPower = 0.8;

// The smallest n that is enough; being enough is monotone in n.
template <typename Enough>
std::optional<int64_t> Smallest(Enough enough) {
  if (!enough(kMostSeeds)) return std::nullopt;
  int64_t low = 1, high = kMostSeeds;  // too few, enough
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace

std::optional<int64_t> SeedsForDifference(double effect, double level) {
  return Smallest([&](int64_t n) {
    // t(1 - level / 2, n - 1) <= effect * sqrt(n), without the quantile.
    const double t = effect * std::sqrt(static_cast<double>(n));
    return StudentTwoSidedTail(t, static_cast<int>(n - 1)) <= level;
  });
}

std::optional<int64_t> SeedsForMargin(double distance, double level) {
  return Smallest([&](int64_t n) {
    const int degrees = static_cast<int>(n - 1);
    const double t = StudentOneSided(1 - level, degrees) + StudentOneSided(kPower, degrees);
    return t / std::sqrt(static_cast<double>(n)) <= distance;
  });
}

}  // namespace fp4::core
