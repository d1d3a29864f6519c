#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/round_trip_kernel.cc"
#include <algorithm>
#include <type_traits>

#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/amax-inl.h"
#include "numerics/cpu/codebooks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

// What is the same for all vectors of a block.
struct RoundTripScale {
  V encode, decode, factor;
};

template <class Element, ScaleRule kRule, bool kStochastic>
HWY_INLINE V RoundTripVector(V value, VU random, const RoundTripScale& scale) {
  constexpr bool kDivides = kRule == ScaleRule::kDivided || kRule == ScaleRule::kMean;
  if (kRule == ScaleRule::kNone) return Element::template Value<kStochastic>(value, value, random);
  V rounded =
      Element::template Value<kStochastic>(value, Scaled(value, scale.encode, kDivides), random);
  rounded = hn::Mul(rounded, scale.decode);
  return kRule == ScaleRule::kTwoLevel ? hn::Mul(rounded, scale.factor) : rounded;
}

// Rounds `size` consecutive elements under one scale. `decoded` may be `values`.
template <class Element, ScaleRule kRule, bool kStochastic>
HWY_INLINE void RoundTripWhole(const float* values, const uint32_t* random, int64_t size,
                               const RoundTripScale& scale, bool stream, int64_t ahead,
                               float* decoded) {
  D d;
  DU du;
  for (int64_t i = 0; i < size; i += kLanes) {
    VU words = kStochastic ? hn::LoadU(du, random + i) : hn::Zero(du);
    hwy::Prefetch(values + i + ahead);  // It costs nothing where `ahead` is 0.
    V result = RoundTripVector<Element, kRule, kStochastic>(hn::LoadU(d, values + i), words, scale);
    if (stream) {
      hn::Stream(result, d, decoded + i);
    } else {
      hn::StoreU(result, d, decoded + i);
    }
  }
}

// Rounds fewer elements than a vector has lanes.
template <class Element, ScaleRule kRule, bool kStochastic>
HWY_NOINLINE void RoundTripTail(const float* values, const uint32_t* random, int64_t size,
                                float encode, float decode, float factor, float* decoded) {
  D d;
  HWY_ALIGN float tail[kMaxLanes] = {};
  HWY_ALIGN uint32_t words[kMaxLanes] = {};
  std::copy(values, values + size, tail);
  if (kStochastic) std::copy(random, random + size, words);
  const RoundTripScale scale = {hn::Set(d, encode), hn::Set(d, decode), hn::Set(d, factor)};
  V result =
      RoundTripVector<Element, kRule, kStochastic>(hn::Load(d, tail), hn::Load(DU(), words), scale);
  hn::Store(result, d, tail);
  std::copy(tail, tail + size, decoded);
}

// One row of the unit: blocks of `block_size` elements, the last one shorter. The loop over whole
// blocks has to stay this plain: with 16 elements a block, everything in it costs as much as the
// rounding. That a poisoned block decodes to NaN follows from its scales.
template <class Element, ScaleRule kRule, bool kStochastic>
HWY_INLINE void RoundTripRow(const Job& job, const Unit& unit, int64_t row,
                             const BlockScales& scales) {
  D d;
  const float* values = unit.values + row * unit.stride;
  const uint32_t* random = kStochastic ? unit.random + row * unit.stride : nullptr;
  float* decoded = unit.decoded + row * unit.stride;
  const int64_t columns = unit.columns, block_size = unit.tile_columns,
                whole = block_size - block_size % kLanes;
  const V factor = hn::Set(d, job.factor);
  const bool stream = unit.stream;
  for (int64_t begin = 0, block = 0; begin < columns; begin += block_size, ++block) {
    const float encode = scales.encode[block], decode = scales.decode[block];
    const int64_t size = HWY_MIN(block_size, columns - begin);
    // A compiler may turn -1 times the scale into its negative, which NaN would show.
    const bool fills = kRule == ScaleRule::kDivided ? !(encode > 0.0f)
                                                    : kRule == ScaleRule::kMean && encode != encode;
    if (HWY_UNLIKELY(fills)) {
      std::fill_n(decoded + begin, size, encode == 0.0f ? 0.0f : decode);  // decode: NaN
      continue;
    }
    const RoundTripScale scale = {hn::Set(d, encode), hn::Set(d, decode), factor};
    const int64_t vectors = HWY_LIKELY(size == block_size) ? whole : size - size % kLanes;
    RoundTripWhole<Element, kRule, kStochastic>(values + begin, At(random, begin), vectors, scale,
                                                stream, unit.ahead, decoded + begin);
    if (HWY_LIKELY(vectors == size)) continue;
    const int64_t tail = begin + vectors;
    RoundTripTail<Element, kRule, kStochastic>(values + tail, At(random, tail), size - vectors,
                                               encode, decode, job.factor, decoded + tail);
  }
}

template <class Element, ScaleRule kRule, bool kStochastic>
HWY_NOINLINE void RoundTripRows(const Job& job, const Unit& unit) {
  const int64_t across = (unit.columns + unit.tile_columns - 1) / unit.tile_columns;
  for (int64_t row = 0; row < unit.rows; ++row) {
    RoundTripRow<Element, kRule, kStochastic>(job, unit, row,
                                              ScalesFrom(unit, row / unit.tile_rows * across));
  }
}

// Scales that follow from the maxima are found for a few blocks at a time, which are rounded while
// they are still in the first-level cache. Only where these are so many elements that the memory
// would have nothing to do meanwhile the next ones are fetched.
template <class Element, ScaleRule kRule, bool kStochastic>
HWY_NOINLINE void ScaleAndRoundTrip(const Job& job, const Unit& unit) {
  constexpr int64_t kPieceElements = 1024;
  HWY_ALIGN float encode[kPieceElements + kScalePadding], decode[kPieceElements + kScalePadding];
  // As many blocks as a vector has lanes, unless that is more than twice what was asked for.
  int64_t blocks = HWY_MAX(1, kPieceElements / unit.tile_columns);
  if (unit.tile_columns * kLanes <= 2 * kPieceElements) blocks = HWY_MAX(blocks, kLanes);
  const int64_t columns = blocks * unit.tile_columns;
  for (int64_t row = 0; row < unit.rows; row += unit.tile_rows) {
    for (int64_t column = 0; column < unit.columns; column += columns) {
      Unit piece = PartOf(unit, row, HWY_MIN(unit.tile_rows, unit.rows - row), column,
                          HWY_MIN(columns, unit.columns - column));
      piece.scales = {encode, decode, nullptr};
      piece.ahead = piece.size() > 2 * kPieceElements ? columns : 0;
      ScaleByAmax<kRule>(job, piece);
      RoundTripRows<Element, kRule, kStochastic>(job, piece);
    }
  }
}

template <class Element, ScaleRule kRule, bool kStochastic>
HWY_INLINE void RoundTripScaled(const Job& job, const Unit& unit) {
  if (unit.scales.encode != nullptr) return RoundTripRows<Element, kRule, kStochastic>(job, unit);
  if constexpr (kRule != ScaleRule::kMean)
    ScaleAndRoundTrip<Element, kRule, kStochastic>(job, unit);
}

template <class Element, bool kStochastic>
HWY_NOINLINE void RoundTripPlain(const Unit& unit) {
  const int64_t size = unit.size(), vectors = size - size % kLanes;
  const V none = hn::Zero(D());
  constexpr ScaleRule kRule = ScaleRule::kNone;
  RoundTripWhole<Element, kRule, kStochastic>(unit.values, unit.random, vectors, {none, none, none},
                                              unit.stream, 0, unit.decoded);
  if (vectors == size) return;
  const uint32_t* random = kStochastic ? unit.random + vectors : nullptr;
  RoundTripTail<Element, kRule, kStochastic>(unit.values + vectors, random, size - vectors, 0, 0, 0,
                                             unit.decoded + vectors);
}

// The rules that go with the element type.
template <class Element, ScaleRule... kRules>
HWY_INLINE void RoundTripElement(const Job& job, const Unit& unit) {
  if (job.rule == ScaleRule::kNone) {
    return job.stochastic ? RoundTripPlain<Element, true>(unit)
                          : RoundTripPlain<Element, false>(unit);
  }
  [[maybe_unused]] auto run = [&](auto rule) HWY_ATTR {
    constexpr ScaleRule kRule = decltype(rule)::value;
    if (job.rule != kRule) return;
    if (job.stochastic) {
      RoundTripScaled<Element, kRule, true>(job, unit);
    } else {
      RoundTripScaled<Element, kRule, false>(job, unit);
    }
  };
  (run(std::integral_constant<ScaleRule, kRules>()), ...);
}

HWY_NOINLINE void RoundTrip(const Job& job, const Unit& unit) {
  switch (job.element) {
    case ElementType::kFp4:
      return RoundTripElement<Fp4Element, ScaleRule::kReciprocal>(job, unit);
    case ElementType::kNf4:
      return RoundTripElement<Nf4Element, ScaleRule::kReciprocal>(job, unit);
    case ElementType::kE2M1:
      return RoundTripElement<MinifloatElement<E2M1>, ScaleRule::kPowerOfTwo, ScaleRule::kTwoLevel,
                              ScaleRule::kDivided>(job, unit);
    case ElementType::kE4M3:
      return RoundTripElement<MinifloatElement<E4M3>, ScaleRule::kDivided, ScaleRule::kPowerOfTwo>(
          job, unit);
    case ElementType::kE5M2:
      return RoundTripElement<MinifloatElement<E5M2>, ScaleRule::kDivided>(job, unit);
    case ElementType::kInt8:
      return RoundTripElement<IntegerElement<127>, ScaleRule::kDivided>(job, unit);
    case ElementType::kInt4:
      return RoundTripElement<IntegerElement<7>, ScaleRule::kDivided>(job, unit);
    case ElementType::kTernary:
      return RoundTripRows<IntegerElement<1>, ScaleRule::kMean, false>(job, unit);
    case ElementType::kBinary:
      return RoundTripRows<BinaryElement, ScaleRule::kMean, false>(job, unit);
    case ElementType::kFp16:
      return RoundTripElement<Fp16Element>(job, unit);
    case ElementType::kBf16:
      return RoundTripElement<Bf16Element>(job, unit);
    case ElementType::kFp32:
      return RoundTripPlain<Fp32Element, false>(unit);
    case ElementType::kOther:
      return;  // Never taken: for this type the caller runs the reference.
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(RoundTrip);
void RoundTripUnit(const Job& job, const Unit& unit) { HWY_DYNAMIC_DISPATCH(RoundTrip)(job, unit); }
}  // namespace fp4::numerics::cpu
#endif
