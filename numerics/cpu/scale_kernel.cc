#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/scale_kernel.cc"
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/blocks-inl.h"
#include "numerics/ms_eden.h"
#include "numerics/random.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

// The means of formats with a mean for each block are summed as the reference does: in double, in
// order.
HWY_INLINE BlockStats MeanStats(const float* values, const Tile& tile) {
  BlockStats stats;
  double sum = 0;
  int64_t count = 0;
  for (int64_t row = 0; row < tile.rows; ++row) {
    const float* begin = values + row * tile.stride;
    for (int64_t i = 0; i < tile.columns; ++i) {
      if (!IsFinite(begin[i])) {
        stats.poisoned = true;
        continue;
      }
      sum += std::fabs(begin[i]);
      ++count;
    }
  }
  stats.mean = count > 0 ? sum / static_cast<double>(count) : 0.0;
  return stats;
}

// Of four-over-six: the error of the tile encoded with `scale`, summed in fp32 in the order of the
// elements.
HWY_INLINE float TileError(const Job& job, const float* values, const Tile& tile,
                           const BlockScale& scale) {
  D d;
  const V encode = hn::Set(d, scale.encode), decode = hn::Set(d, scale.decode),
          factor = hn::Set(d, job.factor);
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN float errors[kMaxLanes];
  float sum = 0.0f;
  for (int64_t row = 0; row < tile.rows; ++row) {
    const float* x = values + row * tile.stride;
    for (int64_t i = 0; i < tile.columns; i += static_cast<int64_t>(lanes)) {
      auto left = static_cast<size_t>(HWY_MIN(tile.columns - i, static_cast<int64_t>(lanes)));
      HWY_ALIGN float tail[kMaxLanes] = {};
      if (left < lanes) std::copy(x + i, x + i + left, tail);
      V value = left < lanes ? hn::Load(d, tail) : hn::LoadU(d, x + i);
      V q = RoundMinifloat<E2M1, false>(hn::Mul(value, encode), hn::Zero(DU()));
      V error = hn::Sub(hn::Mul(hn::Mul(q, decode), factor), value);
      hn::Store(job.four_over_six == FourOverSix::kMse ? hn::Mul(error, error) : hn::Abs(error), d,
                errors);
      for (size_t lane = 0; lane < left; ++lane) sum += errors[lane];
    }
  }
  return sum;
}

HWY_INLINE BlockScale PlainScaleOfTile(const Job& job, const Unit& unit, const Tile& tile) {
  const float* values = unit.values + tile.offset;
  if (job.rule == ScaleRule::kMean)
    return MakeBlockScale(*job.info, job.resolved, MeanStats(values, tile), job.two_level);
  uint32_t bits = TileMaxAbsBits(values, tile.rows, tile.columns, tile.stride);
  bool poisoned = bits >= kInfinityBits;
  float amax = poisoned ? 0.0f : Min(BitsFloat(bits) * job.resolved.headroom, kFloatMax);
  switch (job.rule) {
    case ScaleRule::kReciprocal:
      return ReciprocalScale(amax, poisoned);
    case ScaleRule::kDivided:
      return DividedScale(amax, poisoned, job.info->max_value);
    case ScaleRule::kPowerOfTwo:
      return PowerOfTwoScale(amax, poisoned, job.resolved.power_of_two);
    case ScaleRule::kTwoLevel:
      break;
    case ScaleRule::kMean:
    case ScaleRule::kNone:
      return {};
  }
  if (job.ms_eden) return EdenScale(amax, poisoned, job.eden_scale);
  BlockScale scale = TwoLevelScale(amax, poisoned, job.two_level, 1.0f);
  if (job.four_over_six == FourOverSix::kOff || poisoned) return scale;
  BlockScale four = TwoLevelScale(amax, false, job.two_level, 1.5f);
  return TileError(job, values, tile, four) < TileError(job, values, tile, scale) ? four : scale;
}

HWY_INLINE BlockScale ScaleOfTile(const Job& job, const Unit& unit, const Tile& tile) {
  return Prescaled(PlainScaleOfTile(job, unit, tile), job.rule, job.resolved.prescale);
}

// The corrected scales of the eight blocks of one MS-EDEN group that starts at `first` of the unit.
HWY_INLINE void EdenGroupScales(const Job& job, const Unit& unit, int64_t first,
                                BlockScale* scales) {
  constexpr int kBlocks = kEdenGroup / kEdenBlock;
  D d;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN float xx[kMaxLanes] = {}, xq[kMaxLanes] = {};
  for (int block = 0; block < kBlocks; ++block) {
    Tile tile = {first + block * kEdenBlock, 1, kEdenBlock, unit.columns};
    scales[block] = ScaleOfTile(job, unit, tile);
    if (scales[block].poisoned) continue;
    const float* values = unit.values + tile.offset;
    for (size_t i = 0; i < kEdenBlock; i += lanes) {
      // Vectors wider than a block cannot occur on the targets built; narrower ones take turns.
      V x = hn::Mul(hn::LoadU(d, values + i), hn::Set(d, scales[block].encode));
      V q = RoundMinifloat<E2M1, false>(x, hn::Zero(DU()));
      hn::Store(hn::Add(hn::Load(d, xx + i), hn::Mul(x, x)), d, xx + i);
      hn::Store(hn::Add(hn::Load(d, xq + i), hn::Mul(x, q)), d, xq + i);
    }
  }
  float correction = EdenCorrection(FoldPartialSums(xx), FoldPartialSums(xq));
  for (int block = 0; block < kBlocks; ++block) {
    auto element = static_cast<uint64_t>(unit.first_element + first + block * kEdenBlock);
    scales[block] =
        EdenCorrectedScale(scales[block], correction, RandomBits(job.key, job.step, element));
  }
}

#if HWY_TARGET != HWY_SCALAR
// The scales of as many blocks as a vector has lanes: numerics/block_scale.h in vectors.
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

HWY_INLINE VectorScale TwoLevelScales(V amax, const TwoLevelRule& rule) {
  D d;
  V wanted = hn::Mul(amax, hn::Set(d, rule.encode * (1.0f / 6.0f)));
  V scale = RoundMinifloat<E4M3, false>(wanted, hn::Zero(DU()));
  V encode = hn::Div(hn::Set(d, 1.0f), hn::Mul(scale, hn::Set(d, rule.inverse_encode)));
  return {hn::Min(encode, hn::Set(d, kFloatMax)), scale, MinifloatCode<E4M3>(scale)};
}

HWY_INLINE VectorScale VectorScales(const Job& job, V amax) {
  D d;
  DI di;
  if (job.rule == ScaleRule::kPowerOfTwo) return PowerOfTwoScales(amax, job.resolved.power_of_two);
  if (job.rule == ScaleRule::kTwoLevel) return TwoLevelScales(amax, job.two_level);
  if (job.rule == ScaleRule::kReciprocal) {
    V inverse = hn::IfThenElseZero(hn::Gt(amax, hn::Zero(d)), hn::Div(hn::Set(d, 1.0f), amax));
    return {inverse, amax, hn::BitCast(di, amax)};
  }
  V scale = hn::Div(amax, hn::Set(d, job.info->max_value));
  return {scale, scale, hn::BitCast(di, scale)};
}

// ScaleOfTile of `lanes` blocks, given the bits of their maxima.
HWY_INLINE void StoreScales(const Job& job, const uint32_t* amax_bits, size_t count,
                            BlockScale* scales) {
  static_assert(sizeof(BlockScale) == 16 && offsetof(BlockScale, encode) == 4 &&
                offsetof(BlockScale, decode) == 8 && offsetof(BlockScale, poisoned) == 12);
  D d;
  DI di;
  DU du;
  VI bits = hn::BitCast(di, hn::Load(du, amax_bits));
  auto poisoned = hn::Gt(bits, hn::Set(di, static_cast<int32_t>(kInfinityBits - 1)));
  V amax = hn::BitCast(d, hn::IfThenElse(poisoned, hn::Zero(di), bits));
  amax = hn::Min(hn::Mul(amax, hn::Set(d, job.resolved.headroom)), hn::Set(d, kFloatMax));
  VectorScale scale = VectorScales(job, amax);
  if (job.resolved.prescale != 1.0f) {
    V prescale = hn::Set(d, job.resolved.prescale);
    scale.encode = job.rule == ScaleRule::kDivided ? hn::Div(scale.encode, prescale)
                                                   : hn::Mul(scale.encode, prescale);
  }
  const uint32_t bad = job.rule == ScaleRule::kPowerOfTwo ? 255u
                       : job.rule == ScaleRule::kTwoLevel ? 0x7Fu
                                                          : kNanBits;
  VI stored = hn::IfThenElse(poisoned, hn::BitCast(di, hn::Set(du, bad)), scale.stored);
  VI encode = hn::IfThenElse(poisoned, hn::Zero(di), hn::BitCast(di, scale.encode));
  VI decode = hn::IfThenElse(poisoned, hn::BitCast(di, hn::Set(du, kNanBits)),
                             hn::BitCast(di, scale.decode));
  VI flag = hn::IfThenElseZero(poisoned, hn::Set(di, 1));
  HWY_ALIGN uint32_t words[4 * kMaxLanes];
  hn::StoreInterleaved4(hn::BitCast(du, stored), hn::BitCast(du, encode), hn::BitCast(du, decode),
                        hn::BitCast(du, flag), du, words);
  std::memcpy(static_cast<void*>(scales), words, count * sizeof(BlockScale));
}

// The rules whose scale follows from the block's amax alone, a vector of blocks at a time.
HWY_NOINLINE void ScaleBlocksByAmax(const Job& job, const Unit& unit) {
  const size_t lanes = hn::Lanes(D());
  HWY_ALIGN uint32_t bits[kMaxLanes] = {};
  size_t count = 0;
  BlockScale* scales = unit.scales;
  auto add = [&](uint32_t largest) HWY_ATTR {
    bits[count++] = largest;
    if (count < lanes) return;
    StoreScales(job, bits, count, scales);
    scales += count;
    count = 0;
  };
  if (unit.tile_rows == 1) {
    const int64_t size = unit.tile_columns;
    for (int64_t row = 0; row < unit.rows; ++row) {
      const float* values = unit.values + row * unit.columns;
      for (int64_t begin = 0; begin < unit.columns; begin += size) {
        add(MaxAbsBitsOf(values + begin, HWY_MIN(size, unit.columns - begin)));
      }
    }
  } else {
    ForEachTile(unit, [&](int64_t /*block*/, const Tile& tile) HWY_ATTR {
      add(TileMaxAbsBits(unit.values + tile.offset, tile.rows, tile.columns, tile.stride));
    });
  }
  if (count > 0) StoreScales(job, bits, count, scales);
}
#endif  // HWY_SCALAR

HWY_NOINLINE void ScaleBlocks(const Job& job, const Unit& unit) {
#if HWY_TARGET != HWY_SCALAR
  if (!job.ms_eden && job.four_over_six == FourOverSix::kOff && job.rule != ScaleRule::kMean) {
    return ScaleBlocksByAmax(job, unit);
  }
#endif
  ForEachTile(unit, [&](int64_t block, const Tile& tile) HWY_ATTR {
    if (!job.ms_eden) {
      unit.scales[block] = ScaleOfTile(job, unit, tile);
    } else if (block % (kEdenGroup / kEdenBlock) == 0) {
      EdenGroupScales(job, unit, tile.offset, unit.scales + block);
    }
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(ScaleBlocks);
void ScaleUnit(const Job& job, const Unit& unit) { HWY_DYNAMIC_DISPATCH(ScaleBlocks)(job, unit); }
}  // namespace fp4::numerics::cpu
#endif
