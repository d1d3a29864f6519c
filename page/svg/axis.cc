#include "page/svg/axis.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "page/svg/numbers.h"

namespace fp4::page::svg {
namespace {

// The nearest of 1, 2 and 5 times a power of ten, not below `least`.
double NiceStep(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<Tick> LinearTicks(double low, double high, int most) {
  if (high <= low) return {{low, ValueText(low)}};
  const double step = NiceStep((high - low) / std::max(1, most - 1));
  std::vector<Tick> ticks;
  // Counted, not summed: no rounding error grows. Slack for ends that are ticks themselves.
  const double first = std::ceil(low / step - 1e-6), last = std::floor(high / step + 1e-6);
  const int count = static_cast<int>(std::max(0.0, last - first + 1));
  for (int i = 0; i < count; ++i) {
    const double value = (first + i) * step;
    ticks.push_back({value, TickLabel(value, step)});
  }
  if (ticks.empty()) ticks.push_back({low, ValueText(low)});
  return ticks;
}

}  // namespace

bool Axis::Takes(double value) const {
  return std::isfinite(value) && (!logarithmic_ || value > 0);
}

double Axis::Mapped(double value) const { return logarithmic_ ? std::log10(value) : value; }

void Axis::Include(double value) {
  if (!Takes(value)) return;
  const double mapped = Mapped(value);
  if (empty()) {
    low_ = high_ = mapped;
  } else {
    low_ = std::min(low_, mapped);
    high_ = std::max(high_, mapped);
  }
}

void Axis::Pad(double share) {
  if (empty()) return;
  const double room = (high_ - low_) * share;
  low_ -= room;
  high_ += room;
}

double Axis::Share(double value) const {
  // Halves, since the distance of two large doubles may be beyond their range.
  const double length = high_ / 2 - low_ / 2;
  return length > 0 ? (Mapped(value) / 2 - low_ / 2) / length : 0.5;
}

std::vector<Tick> Axis::Ticks(int most) const {
  if (empty()) return {};
  if (!std::isfinite(high_ - low_)) return {{low_, ValueText(low_)}, {high_, ValueText(high_)}};
  if (!logarithmic_) return LinearTicks(low_, high_, most);
  if (high_ - low_ >= 1) return PowerTicks(most);
  return LinearTicks(std::pow(10, low_), std::pow(10, high_), most);
}

std::vector<Tick> Axis::PowerTicks(int most) const {
  // Powers of doubles: from -324 to 308.
  const int first = static_cast<int>(std::ceil(low_ - 1e-9));
  const int last = static_cast<int>(std::floor(high_ + 1e-9));
  const int most_powers = std::max(1, most);
  const int stride = std::max(1, (last - first + most_powers) / most_powers);
  std::vector<Tick> ticks;
  for (int power = first; power <= last; power += stride) {
    const bool plain = power >= -3 && power < 4;
    const double value = std::pow(10, power);
    ticks.push_back({value, plain ? TickLabel(value, value) : absl::StrCat("1e", power)});
  }
  return ticks;
}

}  // namespace fp4::page::svg
