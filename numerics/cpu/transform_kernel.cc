#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/transform_kernel.cc"
#include <algorithm>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/arithmetic/hadamard.h"
#include "numerics/cpu/maxima-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

template <bool kFinite>
HWY_INLINE VI CountedBits(const float* values) {
  VI bits = MagnitudeBits(values);
  if (!kFinite) return bits;
  return hn::IfThenElseZero(hn::Lt(bits, hn::Set(DI(), static_cast<int32_t>(kInfinityBits))), bits);
}

// Reads the quarters of a piece side by side: memory delivers more when several places far apart
// are read in turns.
template <bool kFinite>
HWY_INLINE uint32_t LargestBits(const float* values, int64_t size) {
  const int64_t quarter = size / 4 / kLanes * kLanes;
  VI largest[4] = {hn::Zero(DI()), hn::Zero(DI()), hn::Zero(DI()), hn::Zero(DI())};
  for (int64_t i = 0; i < quarter; i += kLanes) {
    largest[0] = hn::Max(largest[0], CountedBits<kFinite>(values + i));
    largest[1] = hn::Max(largest[1], CountedBits<kFinite>(values + i + quarter));
    largest[2] = hn::Max(largest[2], CountedBits<kFinite>(values + i + 2 * quarter));
    largest[3] = hn::Max(largest[3], CountedBits<kFinite>(values + i + 3 * quarter));
  }
  VI both = hn::Max(hn::Max(largest[0], largest[1]), hn::Max(largest[2], largest[3]));
  auto result = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(DI(), both)));
  for (int64_t i = 4 * quarter; i < size; ++i) {
    uint32_t bits = AbsBits(values[i]);
    if (!kFinite || bits < kInfinityBits) result = HWY_MAX(result, bits);
  }
  return result;
}

HWY_NOINLINE uint32_t MaxBits(const float* values, int64_t size) {
  return LargestBits<false>(values, size);
}

HWY_NOINLINE uint32_t MaxFiniteBits(const float* values, int64_t size) {
  return LargestBits<true>(values, size);
}

#if HWY_TARGET != HWY_SCALAR
// One stage of the transform inside a vector, in which every lane's partner is `kDistance` away.
// The upper one of a pair becomes lower - upper, the lower one their sum.
template <int kDistance>
HWY_INLINE V ButterflyInVector(V x) {
  D d;
  DU du;
  V partner = x;
  if (kDistance == 1) partner = hn::Shuffle2301(x);
  if (kDistance == 2) partner = hn::Shuffle1032(x);
#if HWY_MAX_BYTES >= 32
  if (kDistance == 4) partner = hn::SwapAdjacentBlocks(x);
#endif
#if HWY_MAX_BYTES >= 64
  if (kDistance == 8) partner = hn::SwapAdjacentBlocks(hn::ReverseBlocks(d, x));
#endif
  VU upper = hn::And(hn::Iota(du, 0), hn::Set(du, kDistance));
  VU sign = hn::ShiftLeft<31>(hn::VecFromMask(du, hn::Ne(upper, hn::Zero(du))));
  return hn::Add(partner, hn::Xor(x, hn::BitCast(d, sign)));
}

template <int kDistance>
HWY_INLINE void ButterfliesInVectors(float* group, int n) {
  D d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  if (kDistance >= lanes) return;
  for (int i = 0; i < n; i += lanes) {
    hn::StoreU(ButterflyInVector<kDistance>(hn::LoadU(d, group + i)), d, group + i);
  }
}
#endif

HWY_INLINE void Butterflies(float* group, int n) {
  D d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
#if HWY_TARGET != HWY_SCALAR
  ButterfliesInVectors<1>(group, n);
  ButterfliesInVectors<2>(group, n);
  ButterfliesInVectors<4>(group, n);
  ButterfliesInVectors<8>(group, n);
#endif
  for (int distance = lanes; distance < n; distance *= 2) {
    for (int base = 0; base < n; base += 2 * distance) {
      for (int i = base; i < base + distance; i += lanes) {
        V a = hn::LoadU(d, group + i), b = hn::LoadU(d, group + i + distance);
        hn::StoreU(hn::Add(a, b), d, group + i);
        hn::StoreU(hn::Sub(a, b), d, group + i + distance);
      }
    }
  }
}

HWY_NOINLINE void RotateAll(float* values, int64_t size, int n, const float* signs, bool back) {
  D d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  const V factor = hn::Set(d, HadamardFactor(n)), nan = hn::BitCast(d, hn::Set(DU(), kNanBits));
  for (int64_t begin = 0; begin < size; begin += n) {
    float* group = values + begin;
    if (!back) {
      for (int i = 0; i < n; i += lanes)
        hn::StoreU(hn::Mul(hn::LoadU(d, group + i), hn::LoadU(d, signs + i)), d, group + i);
    }
    Butterflies(group, n);
    for (int i = 0; i < n; i += lanes) {
      V rotated = hn::Mul(hn::LoadU(d, group + i), factor);
      if (back) rotated = hn::Mul(rotated, hn::LoadU(d, signs + i));
      hn::StoreU(hn::IfThenElse(hn::IsNaN(rotated), nan, rotated), d, group + i);
    }
  }
}

int64_t Target() { return HWY_TARGET; }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "numerics/cpu/quantize.h"

namespace fp4::numerics::cpu {
HWY_EXPORT(MaxBits);
HWY_EXPORT(MaxFiniteBits);
HWY_EXPORT(RotateAll);
HWY_EXPORT(Target);

uint32_t MaxAbsBits(const float* values, int64_t size) {
  return HWY_DYNAMIC_DISPATCH(MaxBits)(values, size);
}
uint32_t MaxFiniteAbsBits(const float* values, int64_t size) {
  return HWY_DYNAMIC_DISPATCH(MaxFiniteBits)(values, size);
}
void Rotate(float* values, int64_t size, int n, const float* signs, bool back) {
  HWY_DYNAMIC_DISPATCH(RotateAll)(values, size, n, signs, back);
}
std::string_view InstructionSet() { return hwy::TargetName(HWY_DYNAMIC_DISPATCH(Target)()); }
}  // namespace fp4::numerics::cpu
#endif
