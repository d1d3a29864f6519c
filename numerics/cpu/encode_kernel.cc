#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/encode_kernel.cc"
#include <algorithm>
#include <cstring>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/blocks-inl.h"
#include "numerics/cpu/codebooks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

using DB = hn::Rebind<uint8_t, D>;

template <class Element, bool kStochastic>
HWY_INLINE hn::Vec<DB> EncodeVector(V value, VU random, V encode, bool scales, bool divides) {
  V scaled = scales ? Scaled(value, encode, divides) : value;
  return hn::DemoteTo(DB(), Element::template Code<kStochastic>(value, scaled, random));
}

// Encodes one row of a block.
template <class Element, bool kStochastic>
HWY_INLINE void EncodeRun(const float* values, const uint32_t* random, size_t size, V encode,
                          bool scales, bool divides, uint8_t* codes) {
  D d;
  DU du;
  DB db;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    VU words = kStochastic ? hn::LoadU(du, random + i) : hn::Zero(du);
    hn::StoreU(EncodeVector<Element, kStochastic>(hn::LoadU(d, values + i), words, encode, scales,
                                                  divides),
               db, codes + i);
  }
  if (i == size) return;
  HWY_ALIGN float tail[kMaxLanes] = {};
  HWY_ALIGN uint32_t tail_random[kMaxLanes] = {};
  HWY_ALIGN uint8_t tail_codes[kMaxLanes] = {};
  std::copy(values + i, values + size, tail);
  if (kStochastic) std::copy(random + i, random + size, tail_random);
  V value = hn::Load(d, tail);
  hn::Store(
      EncodeVector<Element, kStochastic>(value, hn::Load(du, tail_random), encode, scales, divides),
      db, tail_codes);
  std::copy(tail_codes, tail_codes + (size - i), codes + i);
}

template <class Element, bool kStochastic>
void EncodeBlocks(const Job& job, const Unit& unit) {
  D d;
  const bool divides = job.rule == ScaleRule::kDivided || job.rule == ScaleRule::kMean;
  if (job.rule == ScaleRule::kNone) {
    EncodeRun<Element, kStochastic>(unit.values, unit.random, static_cast<size_t>(unit.size()),
                                    hn::Zero(d), false, false, unit.codes);
    return;
  }
  ForEachTile(unit, [&](int64_t index, const Tile& tile) HWY_ATTR {
    const float encode = *ScalesFrom(unit, index).encode;
    const bool zero = job.rule == ScaleRule::kDivided && encode == 0.0f;
    for (int64_t row = 0; row < tile.rows; ++row) {
      const int64_t begin = tile.offset + row * tile.stride;
      if (encode != encode || zero) {
        std::fill_n(unit.codes + begin, tile.columns, uint8_t{0});
        continue;
      }
      EncodeRun<Element, kStochastic>(
          unit.values + begin, kStochastic ? unit.random + begin : nullptr,
          static_cast<size_t>(tile.columns), hn::Set(d, encode), true, divides, unit.codes + begin);
    }
  });
}

template <class Element>
HWY_INLINE void EncodeElement(const Job& job, const Unit& unit) {
  if (job.stochastic) return EncodeBlocks<Element, true>(job, unit);
  return EncodeBlocks<Element, false>(job, unit);
}

// Elements without a scale, whose codes have 2 or 4 bytes each.
template <class Element, class To, bool kStochastic>
HWY_INLINE void EncodeWideRun(const Unit& unit, uint8_t* packed) {
  D d;
  const hn::Rebind<To, D> to;
  auto encode = [&](V value, VU words) HWY_ATTR {
    VU code = hn::BitCast(DU(), Element::template Code<kStochastic>(value, value, words));
    if constexpr (sizeof(To) == 4) {
      return code;
    } else {
      return hn::TruncateTo(to, code);
    }
  };
  const int64_t size = unit.size(), whole = size - size % kLanes;
  auto* codes = reinterpret_cast<To*>(packed);
  for (int64_t i = 0; i < whole; i += kLanes) {
    VU words = kStochastic ? hn::LoadU(DU(), unit.random + i) : hn::Zero(DU());
    hn::StoreU(encode(hn::LoadU(d, unit.values + i), words), to, codes + i);
  }
  if (whole == size) return;
  HWY_ALIGN float tail[kMaxLanes] = {};
  HWY_ALIGN uint32_t tail_random[kMaxLanes] = {};
  HWY_ALIGN To tail_codes[kMaxLanes];
  std::copy(unit.values + whole, unit.values + size, tail);
  if (kStochastic) std::copy(unit.random + whole, unit.random + size, tail_random);
  hn::Store(encode(hn::Load(d, tail), hn::Load(DU(), tail_random)), to, tail_codes);
  std::memcpy(codes + whole, tail_codes, static_cast<size_t>(size - whole) * sizeof(To));
}

HWY_NOINLINE void EncodeWide(const Job& job, const Unit& unit, uint8_t* packed) {
  if (job.element == ElementType::kFp32)
    return EncodeWideRun<Fp32Element, uint32_t, false>(unit, packed);
  if (job.element == ElementType::kBf16) {
    return job.stochastic ? EncodeWideRun<Bf16Element, uint16_t, true>(unit, packed)
                          : EncodeWideRun<Bf16Element, uint16_t, false>(unit, packed);
  }
  return job.stochastic ? EncodeWideRun<Fp16Element, uint16_t, true>(unit, packed)
                        : EncodeWideRun<Fp16Element, uint16_t, false>(unit, packed);
}

HWY_NOINLINE void Encode(const Job& job, const Unit& unit) {
  switch (job.element) {
    case ElementType::kFp4:
      return EncodeElement<Fp4Element>(job, unit);
    case ElementType::kNf4:
      return EncodeElement<Nf4Element>(job, unit);
    case ElementType::kE2M1:
      return EncodeElement<MinifloatElement<E2M1>>(job, unit);
    case ElementType::kE4M3:
      return EncodeElement<MinifloatElement<E4M3>>(job, unit);
    case ElementType::kE5M2:
      return EncodeElement<MinifloatElement<E5M2>>(job, unit);
    case ElementType::kInt8:
      return EncodeElement<IntegerElement<127>>(job, unit);
    case ElementType::kInt4:
      return EncodeElement<IntegerElement<7>>(job, unit);
    case ElementType::kTernary:
      return EncodeBlocks<IntegerElement<1>, false>(job, unit);
    case ElementType::kBinary:
      return EncodeBlocks<BinaryElement, false>(job, unit);
    case ElementType::kFp16:
    case ElementType::kBf16:
    case ElementType::kFp32:
    case ElementType::kOther:
      return;  // Their codes do not fit a byte: EncodeWideUnit takes them.
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(Encode);
HWY_EXPORT(EncodeWide);
void EncodeUnit(const Job& job, const Unit& unit) { HWY_DYNAMIC_DISPATCH(Encode)(job, unit); }
void EncodeWideUnit(const Job& job, const Unit& unit, uint8_t* packed) {
  HWY_DYNAMIC_DISPATCH(EncodeWide)(job, unit, packed);
}
}  // namespace fp4::numerics::cpu
#endif
