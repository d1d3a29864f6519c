// Sums in double whose last bit is defined by the order of their terms, faster than one after the
// other. Included once for each target by the kernels.
#if defined(FP4_NUMERICS_CPU_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_SUMS_INL_H_
#undef FP4_NUMERICS_CPU_SUMS_INL_H_
#else
#define FP4_NUMERICS_CPU_SUMS_INL_H_
#endif

#include <cmath>

#include "numerics/cpu/maxima-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

using DDouble = hn::ScalableTag<double>;
using DNarrow = hn::Rebind<float, DDouble>;  // as many floats
using VDouble = hn::Vec<DDouble>;

// The definition. False when a value is not finite.
HWY_INLINE bool AddOneByOne(const float* values, int64_t size, double* sum) {
  for (int64_t i = 0; i < size; ++i) {
    if (!IsFinite(values[i])) return false;
    *sum += std::fabs(values[i]);
  }
  return true;
}

HWY_INLINE VDouble MagnitudesAt(const float* values) {
  return hn::Abs(hn::PromoteTo(DDouble(), hn::LoadU(DNarrow(), values)));
}

HWY_INLINE double TotalOf(VDouble sum) { return hn::GetLane(hn::SumOfLanes(DDouble(), sum)); }

// All terms are multiples of the last bit of the smallest that is not 0. While the total is less
// than 2^53 of these, no partial sum in any order needs rounding, so the order does not matter.
// False when that does not hold (or a value is not finite).
HWY_INLINE bool SumWithoutRounding(const float* values, int64_t size, double* sum) {
  DU du;
  VDouble first = hn::Zero(DDouble()), second = first;
  VU least = hn::Set(du, ~0u);  // bits of the smallest magnitude, less 1: 0 becomes the largest
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    first = hn::Add(first, MagnitudesAt(values + i));
    second = hn::Add(second, MagnitudesAt(values + i + kLanes / 2));
    VU bits = hn::BitCast(du, MagnitudeBits(values + i));
    least = hn::Min(least, hn::Sub(bits, hn::Set(du, 1)));
  }
  uint32_t least_bits = hn::GetLane(hn::MinOfLanes(du, least));
  double total = TotalOf(hn::Add(first, second));
  for (; i < size; ++i) {
    total += std::fabs(values[i]);
    least_bits = HWY_MIN(least_bits, AbsBits(values[i]) - 1);
  }
  if (least_bits == ~0u) return true;  // only zeros
  const int exponent = HWY_MAX(1, static_cast<int>((least_bits + 1) >> 23));
  if (!(total < std::ldexp(1.0, exponent - 150 + 53))) return false;
  *sum = total;
  return true;
}

// A sum s in the binade [m, 2m) has last bits of u = m * 2^-52, and while it stays there
// fl(s + x) = s + r, r being x rounded to a multiple of u, unless x lies half-way between two:
// only a tie depends on s. So the r are added in any order, all exact, ties one by one; and should
// the sum leave the binade, which a result of at least 2m says, the piece is done again one by one.
HWY_INLINE bool AddPiece(const float* values, int64_t size, double* sum) {
  DDouble d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const double binade =
      __builtin_bit_cast(double, __builtin_bit_cast(uint64_t, *sum) & uint64_t{0x7FF0000000000000});
  const VDouble shift = hn::Set(d, binade), tie = hn::Set(d, binade * 0x1p-53);
  VDouble partial = hn::Zero(d);
  int64_t begin = 0, i = 0;
  double limit = 2 * binade;
  auto add_until = [&](int64_t end) HWY_ATTR {
    double total = *sum + TotalOf(partial);
    partial = hn::Zero(d);
    bool stays = total < limit;
    if (stays) *sum = total;
    if (!stays && !AddOneByOne(values + begin, end - begin, sum)) return false;
    limit = *sum < limit ? limit : 0;  // in another binade, all that follows goes one by one
    return true;
  };
  for (; i + lanes <= size; i += lanes) {
    VDouble x = MagnitudesAt(values + i);
    VDouble rounded = hn::Sub(hn::Add(x, shift), shift);
    if (HWY_LIKELY(hn::AllFalse(d, hn::Eq(hn::Abs(hn::Sub(x, rounded)), tie)))) {
      partial = hn::Add(partial, rounded);
      continue;
    }
    if (!add_until(i) || !AddOneByOne(values + i, lanes, sum)) return false;
    begin = i + lanes;
    limit = *sum < limit ? limit : 0;
  }
  return add_until(i) && AddOneByOne(values + i, size - i, sum);
}

HWY_INLINE bool AddMagnitudesOf(const float* values, int64_t size, double* sum) {
#if HWY_TARGET == HWY_SCALAR
  return AddOneByOne(values, size, sum);
#else
  if (*sum == 0.0 && SumWithoutRounding(values, size, sum)) return true;
  constexpr int64_t kPiece = 256;
  for (int64_t i = 0; i < size; i += kPiece) {
    const int64_t piece = HWY_MIN(kPiece, size - i);
    // A sum so small that its binade's last bit is not a normal number, 0 above all.
    const bool tiny = *sum < 0x1p-900;
    if (!(tiny ? AddOneByOne(values + i, piece, sum) : AddPiece(values + i, piece, sum)))
      return false;
  }
  return true;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
