// The element types in vectors: the arithmetic of numerics/arithmetic/elements.h, instruction for
// instruction. Included once for each target by the kernels.
#if defined(FP4_NUMERICS_CPU_ELEMENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_ELEMENTS_INL_H_
#undef FP4_NUMERICS_CPU_ELEMENTS_INL_H_
#else
#define FP4_NUMERICS_CPU_ELEMENTS_INL_H_
#endif

#include "hwy/highway.h"
#include "numerics/arithmetic/minifloat.h"
#include "numerics/cpu/job.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;
using VI = hn::Vec<DI>;
using VU = hn::Vec<DU>;

// The kernels are laid out for a number of lanes: vectors whose length is known to the compiler.
static_assert(!HWY_HAVE_SCALABLE, "HWY_DISABLED_TARGETS has to leave this target out");
inline constexpr auto kLanes = static_cast<int64_t>(hn::MaxLanes(D()));

// Arrays of the widest vector, for tails.
inline constexpr size_t kMaxLanes = 64;

HWY_INLINE V UniformOf(VU random) {
  return hn::Mul(hn::ConvertTo(D(), hn::BitCast(DI(), hn::ShiftRight<8>(random))),
                 hn::Set(D(), 0x1p-24f));
}

// RoundStochastic: `position` is not negative.
HWY_INLINE V StochasticInteger(V position, VU random) {
  D d;
  V below = hn::ConvertTo(d, hn::ConvertTo(DI(), position));
  auto up = hn::Gt(hn::Sub(position, below), UniformOf(random));
  return hn::Add(below, hn::IfThenElseZero(up, hn::Set(d, 1.0f)));
}

// Every element type has Value (what the rounded element stands for, before scales) and Code.
// `value` is the element, `scaled` the same in units of its scale, `random` is read by the
// stochastic forms only. Those of code books are in codebooks-inl.h.

// RoundMagnitude and RoundMagnitudeStochastic, with the sign of `scaled`. No NaN.
template <class F, bool kStochastic>
HWY_INLINE V RoundMinifloat(V scaled, VU random) {
  D d;
  DI di;
  V magnitude = hn::Min(hn::Abs(scaled), hn::Set(d, F::kMax));
  VI binade = hn::And(hn::BitCast(di, magnitude), hn::Set(di, kInfinityBits));
  binade = hn::Max(binade, hn::Set(di, static_cast<int32_t>(kSmallestNormalBits<F>)));
  V rounded;
  if (kStochastic) {
    VI mantissa = hn::Set(di, F::kMantissaBits << 23);
    V step = hn::BitCast(d, hn::Sub(binade, mantissa));
    V inverse = hn::BitCast(d, hn::Add(hn::Sub(hn::Set(di, 254 << 23), binade), mantissa));
    rounded = hn::Mul(StochasticInteger(hn::Mul(magnitude, inverse), random), step);
  } else {
    V shift = hn::BitCast(d, hn::Add(binade, hn::Set(di, (23 - F::kMantissaBits) << 23)));
    rounded = hn::Sub(hn::Add(magnitude, shift), shift);
  }
  return hn::Or(rounded, hn::And(scaled, hn::Set(d, -0.0f)));
}

// CodeOfMagnitude and SignOfCode of a value of F.
template <class F>
HWY_INLINE VI MinifloatCode(V rounded) {
  D d;
  DI di;
  V magnitude = hn::Abs(rounded);
  constexpr int kSmallest = static_cast<int>(kSmallestNormalBits<F>);
  V units = hn::Set(d, BitsFloat(static_cast<uint32_t>(126 + F::kBias + F::kMantissaBits) << 23));
  VI subnormal = hn::ConvertTo(di, hn::Mul(magnitude, units));
  VI bits = hn::BitCast(di, magnitude);
  VI normal = hn::Sub(hn::ShiftRight<23 - F::kMantissaBits>(bits),
                      hn::Set(di, (127 - F::kBias) << F::kMantissaBits));
  VI code = hn::IfThenElse(hn::Lt(bits, hn::Set(di, kSmallest)), subnormal, normal);
  VU sign =
      hn::ShiftRight<32 - F::kBits>(hn::And(hn::BitCast(DU(), rounded), hn::Set(DU(), kSignBit)));
  return hn::Or(code, hn::BitCast(di, sign));
}

template <class F>
struct MinifloatElement {
  template <bool kStochastic>
  static HWY_INLINE V Value(V value, V scaled, VU random) {
    D d;
    V rounded = RoundMinifloat<F, kStochastic>(scaled, random);
    if (F::kBits == 4) return rounded;
    return hn::IfThenElse(hn::IsNaN(value), hn::BitCast(d, hn::Set(DU(), kNanBits)), rounded);
  }

  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V scaled, VU random) {
    VI code = MinifloatCode<F>(RoundMinifloat<F, kStochastic>(scaled, random));
    if (F::kBits == 4) return code;
    return hn::IfThenElse(hn::RebindMask(DI(), hn::IsNaN(value)), hn::Set(DI(), 0x7F), code);
  }
};

template <int kLimit>
struct IntegerElement {
  template <bool kStochastic>
  static HWY_INLINE V Value(V /*value*/, V scaled, VU random) {
    D d;
    V limit = hn::Set(d, static_cast<float>(kLimit)), zero = hn::Zero(d);
    if (kStochastic) {
      V magnitude = StochasticInteger(hn::Min(hn::Abs(scaled), limit), random);
      return hn::IfThenElse(hn::Lt(scaled, zero), hn::Sub(zero, magnitude), magnitude);
    }
    // Adding 0 turns -0 into the 0 that an integer is.
    return hn::Add(
        hn::Round(hn::Max(hn::Min(scaled, limit), hn::Set(d, -static_cast<float>(kLimit)))), zero);
  }

  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V scaled, VU random) {
    VI code = hn::ConvertTo(DI(), Value<kStochastic>(value, scaled, random));
    if (kLimit == 1) return hn::Add(code, hn::Set(DI(), 1));
    return hn::And(code, hn::Set(DI(), kLimit == 7 ? 0xF : 0xFF));
  }
};

struct BinaryElement {
  template <bool kStochastic>
  static HWY_INLINE V Value(V value, V /*scaled*/, VU /*random*/) {
    D d;
    return hn::IfThenElse(hn::Lt(value, hn::Zero(d)), hn::Set(d, -1.0f), hn::Set(d, 1.0f));
  }
  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V /*scaled*/, VU /*random*/) {
    auto negative = hn::RebindMask(DI(), hn::Lt(value, hn::Zero(D())));
    return hn::IfThenElseZero(negative, hn::Set(DI(), 1));
  }
};

struct Fp32Element {
  template <bool kStochastic>
  static HWY_INLINE V Value(V value, V /*scaled*/, VU /*random*/) {
    return value;
  }
  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V /*scaled*/, VU /*random*/) {
    return hn::BitCast(DI(), value);
  }
};

struct Bf16Element {
  template <bool kStochastic>
  static HWY_INLINE V Value(V value, V /*scaled*/, VU random) {
    D d;
    DU du;
    VU bits = hn::BitCast(du, value);
    VU odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
    VU nearest = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF)));
    VU rounded = hn::And(nearest, hn::Set(du, 0xFFFF0000u));
    if (kStochastic) {
      VU up = hn::And(hn::Add(bits, hn::ShiftRight<16>(random)), hn::Set(du, 0xFFFF0000u));
      // What would become Inf stays the largest finite number; what is Inf stays it.
      VU infinity = hn::Set(du, kInfinityBits);
      VU magnitude = hn::And(bits, hn::Set(du, ~kSignBit));
      auto overflows = hn::Eq(hn::And(up, hn::Set(du, ~kSignBit)), infinity);
      up = hn::IfThenElse(overflows, hn::Sub(up, hn::Set(du, 0x10000)), up);
      rounded = hn::IfThenElse(hn::Eq(magnitude, infinity), rounded, up);
    }
    VU nan = hn::Set(du, kNanBits);
    return hn::BitCast(d, hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(value)), nan, rounded));
  }

  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V scaled, VU random) {
    VU bits = hn::BitCast(DU(), Value<kStochastic>(value, scaled, random));
    return hn::BitCast(DI(), hn::ShiftRight<16>(bits));
  }
};

struct Fp16Element {
  template <bool kStochastic>
  static HWY_INLINE V Value(V value, V /*scaled*/, VU random) {
    D d;
    V sign = hn::And(value, hn::Set(d, -0.0f));
    V infinity = hn::BitCast(d, hn::Set(DU(), kInfinityBits));
    auto overflows = hn::Ge(hn::Abs(value), kStochastic ? infinity : hn::Set(d, 65520.0f));
    V rounded = hn::IfThenElse(overflows, hn::Or(infinity, sign),
                               RoundMinifloat<Fp16, kStochastic>(value, random));
    return hn::IfThenElse(hn::IsNaN(value), hn::BitCast(d, hn::Set(DU(), kNanBits)), rounded);
  }

  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V scaled, VU random) {
    DI di;
    V rounded = Value<kStochastic>(value, scaled, random);
    VI bits = hn::BitCast(di, rounded), infinity = hn::Set(di, kInfinityBits);
    VI sign = hn::And(hn::BitCast(di, hn::ShiftRight<16>(hn::BitCast(DU(), rounded))),
                      hn::Set(di, 0x8000));
    auto is_infinite = hn::Eq(hn::And(bits, hn::Set(di, 0x7FFFFFFF)), infinity);
    VI code = hn::IfThenElse(is_infinite, hn::Or(sign, hn::Set(di, 0x7C00)),
                             MinifloatCode<Fp16>(rounded));
    return hn::IfThenElse(hn::RebindMask(di, hn::IsNaN(value)), hn::Set(di, 0x7E00), code);
  }
};

// The scaled values of a run. A divisor of 0 makes every element 0.
HWY_INLINE V Scaled(V value, V scale, bool divides) {
  return divides ? hn::Div(value, scale) : hn::Mul(value, scale);
}

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
