// The scales of as many blocks as a vector has lanes: numerics/arithmetic/block_scale.h in vectors.
// Included once for each target by the kernels.
#if defined(FP4_NUMERICS_CPU_SCALES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_SCALES_INL_H_
#undef FP4_NUMERICS_CPU_SCALES_INL_H_
#else
#define FP4_NUMERICS_CPU_SCALES_INL_H_
#endif

#include "numerics/arithmetic/ms_eden.h"
#include "numerics/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

struct VectorScale {
  V encode, decode;
  VI stored;
};

HWY_INLINE V ValueOfE8M0(VI byte) {
  DI di;
  VI subnormal = hn::Set(di, 0x400000);
  return hn::BitCast(
      D(), hn::IfThenElse(hn::Eq(byte, hn::Zero(di)), subnormal, hn::ShiftLeft<23>(byte)));
}

HWY_INLINE VectorScale PowerOfTwoScales(V amax, const PowerOfTwoRule& rule) {
  D d;
  DI di;
  const VI one = hn::Set(di, 1), zero = hn::Zero(di);
  const bool round_ceil = rule.mode == ScaleMode::kRoundCeil;
  VI bits = hn::BitCast(di, round_ceil ? hn::Mul(amax, hn::Set(d, rule.inverse_max)) : amax);
  if (rule.mode == ScaleMode::kEven) {
    bits = hn::And(hn::Add(bits, hn::Set(di, 1 << (22 - rule.mantissa_bits))),
                   hn::Set(di, kInfinityBits));
  }
  VI exponent = hn::ShiftRight<23>(bits), mantissa = hn::And(bits, hn::Set(di, 0x7FFFFF));
  if (round_ceil) {
    // What an exponent of 0 has to exceed is 0x400000, any other 0.
    VI limit = hn::IfThenElse(hn::Eq(exponent, zero), hn::Set(di, 0x400000), zero);
    exponent = hn::Add(exponent, hn::IfThenElseZero(hn::Gt(mantissa, limit), one));
  } else {
    exponent = hn::Sub(exponent, hn::Set(di, rule.max_exponent));
    if (rule.mode == ScaleMode::kCeil) {
      exponent = hn::Add(exponent, hn::IfThenElseZero(hn::Gt(mantissa, zero), one));
    }
  }
  VI byte = hn::Min(hn::Max(exponent, zero), hn::Set(di, 254));
  byte = hn::IfThenElse(hn::Eq(hn::BitCast(di, amax), zero), zero, byte);
  return {ValueOfE8M0(hn::Sub(hn::Set(di, 254), byte)), ValueOfE8M0(byte), byte};
}

// `stretch` is 1, or 1.5 of four-over-six.
HWY_INLINE VectorScale TwoLevelScales(V amax, const TwoLevelRule& rule, float stretch) {
  D d;
  V wanted = hn::Mul(amax, hn::Set(d, rule.encode * (1.0f / 6.0f)));
  if (stretch != 1.0f) wanted = hn::Mul(wanted, hn::Set(d, stretch));
  V scale = RoundMinifloat<E4M3, false>(wanted, hn::Zero(DU()));
  V encode = hn::Div(hn::Set(d, 1.0f), hn::Mul(scale, hn::Set(d, rule.inverse_encode)));
  return {hn::Min(encode, hn::Set(d, kFloatMax)), scale, MinifloatCode<E4M3>(scale)};
}

// EdenScale.
HWY_INLINE VectorScale EdenScales(V amax, float tensor_scale) {
  D d;
  V wanted = hn::Div(hn::Div(amax, hn::Set(d, kEdenTarget)), hn::Set(d, tensor_scale));
  V scale = RoundMinifloat<E4M3, false>(wanted, hn::Zero(DU()));
  scale = hn::IfThenElse(hn::Eq(scale, hn::Zero(d)), hn::Set(d, 1.0f), scale);
  V encode = hn::Div(hn::Set(d, 1.0f), hn::Mul(scale, hn::Set(d, tensor_scale)));
  return {hn::Min(encode, hn::Set(d, kFloatMax)), scale, MinifloatCode<E4M3>(scale)};
}

HWY_INLINE VectorScale ReciprocalScales(V amax) {
  D d;
  V inverse = hn::IfThenElseZero(hn::Gt(amax, hn::Zero(d)), hn::Div(hn::Set(d, 1.0f), amax));
  return {inverse, amax, hn::BitCast(DI(), amax)};
}

HWY_INLINE VectorScale DividedScales(V amax, float max_value) {
  V scale = hn::Div(amax, hn::Set(D(), max_value));
  return {scale, scale, hn::BitCast(DI(), scale)};
}

// Maxima of blocks, taken apart.
struct BlockMaxima {
  V amax;  // with headroom; 0 where the block is poisoned
  hn::Mask<DI> poisoned;
};

HWY_INLINE BlockMaxima MaximaFromBits(const Job& job, VI bits) {
  D d;
  DI di;
  auto poisoned = hn::Gt(bits, hn::Set(di, static_cast<int32_t>(kInfinityBits - 1)));
  V amax = hn::BitCast(d, hn::IfThenElse(poisoned, hn::Zero(di), bits));
  amax = hn::Min(hn::Mul(amax, hn::Set(d, job.resolved.headroom)), hn::Set(d, kFloatMax));
  return {amax, poisoned};
}

// Writes a whole vector of scales, prescaled.
HWY_INLINE void StoreScales(const Job& job, VectorScale scale, hn::Mask<DI> poisoned,
                            const BlockScales& scales) {
  D d;
  DI di;
  DU du;
  if (job.resolved.prescale != 1.0f) {
    V prescale = hn::Set(d, job.resolved.prescale);
    scale.encode = job.rule == ScaleRule::kDivided ? hn::Div(scale.encode, prescale)
                                                   : hn::Mul(scale.encode, prescale);
  }
  const auto bad = hn::RebindMask(d, poisoned);
  const V nan = hn::BitCast(d, hn::Set(du, kNanBits));
  hn::StoreU(hn::IfThenElse(bad, nan, scale.encode), d, scales.encode);
  hn::StoreU(hn::IfThenElse(bad, nan, scale.decode), d, scales.decode);
  if (scales.stored == nullptr) return;
  const uint32_t bad_code = job.rule == ScaleRule::kPowerOfTwo ? 255u
                            : job.rule == ScaleRule::kTwoLevel ? 0x7Fu
                                                               : kNanBits;
  VI stored = hn::IfThenElse(poisoned, hn::BitCast(di, hn::Set(du, bad_code)), scale.stored);
  hn::StoreU(hn::BitCast(du, stored), du, scales.stored);
}

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
