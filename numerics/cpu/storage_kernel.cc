// Codes as stored, one byte for each, and decoded values: from each to the next.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/storage_kernel.cc"
#include <algorithm>
#include <cstring>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

// The values of codes: of up to 16 codes a table in a register where it fits, else memory.
template <bool kSmall>
HWY_INLINE V ValuesOf(const float* table, const uint8_t* codes) {
  D d;
  VI index = hn::PromoteTo(DI(), hn::LoadU(hn::Rebind<uint8_t, D>(), codes));
#if HWY_MAX_BYTES == 64
  if (kSmall) return hn::TableLookupLanes(hn::LoadU(d, table), hn::IndicesFromVec(d, index));
#endif
  return hn::GatherIndex(d, table, index);
}

// Decodes `size` elements of one block.
template <bool kSmall>
HWY_INLINE void DecodeRun(const uint8_t* codes, size_t size, const float* table, const float* scale,
                          const float* factor, float* decoded) {
  D d;
  const size_t lanes = hn::Lanes(d);
  auto apply = [&](V value) HWY_ATTR {
    if (scale != nullptr) value = hn::Mul(value, hn::Set(d, *scale));
    return factor != nullptr ? hn::Mul(value, hn::Set(d, *factor)) : value;
  };
  size_t i = 0;
  for (; i + lanes <= size; i += lanes)
    hn::StoreU(apply(ValuesOf<kSmall>(table, codes + i)), d, decoded + i);
  if (i == size) return;
  HWY_ALIGN uint8_t tail_codes[kMaxLanes] = {};
  HWY_ALIGN float tail[kMaxLanes];
  std::copy(codes + i, codes + size, tail_codes);
  hn::Store(apply(ValuesOf<kSmall>(table, tail_codes)), d, tail);
  std::copy(tail, tail + (size - i), decoded + i);
}

template <bool kSmall>
HWY_INLINE void DecodeBlocks(const Unit& unit, const float* table, const float* scales,
                             const float* factor) {
  if (scales == nullptr) {
    DecodeRun<kSmall>(unit.codes, static_cast<size_t>(unit.size()), table, nullptr, factor,
                      unit.decoded);
    return;
  }
  ForEachTile(unit, [&](int64_t block, const Tile& tile) HWY_ATTR {
    for (int64_t row = 0; row < tile.rows; ++row) {
      const int64_t begin = tile.offset + row * tile.stride;
      DecodeRun<kSmall>(unit.codes + begin, static_cast<size_t>(tile.columns), table,
                        scales + block, factor, unit.decoded + begin);
    }
  });
}

HWY_NOINLINE void Decode(const Unit& unit, const float* table, bool small, const float* scales,
                         const float* factor) {
  if (small) return DecodeBlocks<true>(unit, table, scales, factor);
  DecodeBlocks<false>(unit, table, scales, factor);
}

HWY_INLINE V ValueOfBf16(VU code) { return hn::BitCast(D(), hn::ShiftLeft<16>(code)); }

// Fp16Value in vectors.
HWY_INLINE V ValueOfFp16(VU code) {
  D d;
  DU du;
  VU bits = hn::And(code, hn::Set(du, 0x7FFF));
  VU normal = hn::Add(hn::ShiftLeft<13>(bits), hn::Set(du, 112u << 23));
  V tiny = hn::Mul(hn::ConvertTo(d, hn::BitCast(DI(), bits)), hn::Set(d, 0x1p-24f));
  VU magnitude = hn::IfThenElse(hn::Lt(bits, hn::Set(du, 0x400)), hn::BitCast(du, tiny), normal);
  auto infinite = hn::Eq(bits, hn::Set(du, 0x7C00));
  magnitude = hn::IfThenElse(infinite, hn::Set(du, kInfinityBits), magnitude);
  auto nan = hn::Gt(bits, hn::Set(du, 0x7C00));
  magnitude = hn::IfThenElse(nan, hn::Set(du, kNanBits), magnitude);
  VU sign = hn::ShiftLeft<16>(hn::And(code, hn::Set(du, 0x8000)));
  return hn::BitCast(d, hn::Or(magnitude, sign));
}

template <class Value>
HWY_INLINE void DecodeHalves(const Unit& unit, const uint8_t* packed, Value&& value) {
  const hn::Rebind<uint16_t, D> d16;
  const auto* codes = reinterpret_cast<const uint16_t*>(packed);
  const int64_t size = unit.size(), whole = size - size % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    VU code = hn::PromoteTo(DU(), hn::LoadU(d16, codes + i));
    hn::StoreU(value(code), D(), unit.decoded + i);
  }
  HWY_ALIGN uint16_t tail_codes[kMaxLanes] = {};
  HWY_ALIGN float tail[kMaxLanes];
  std::memcpy(tail_codes, codes + whole, static_cast<size_t>(size - whole) * 2);
  hn::Store(value(hn::PromoteTo(DU(), hn::Load(d16, tail_codes))), D(), tail);
  std::copy(tail, tail + (size - whole), unit.decoded + whole);
}

HWY_NOINLINE void DecodeWide(const Unit& unit, const uint8_t* packed, ElementType element) {
  if (element == ElementType::kFp32) {
    std::memcpy(unit.decoded, packed, static_cast<size_t>(unit.size()) * 4);
  } else if (element == ElementType::kBf16) {
    DecodeHalves(unit, packed, [](VU code) HWY_ATTR { return ValueOfBf16(code); });
  } else {
    DecodeHalves(unit, packed, [](VU code) HWY_ATTR { return ValueOfFp16(code); });
  }
}

// Reads eight bytes as one number, the first in the lowest bits.
HWY_INLINE uint64_t LoadEight(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  return word;
}

// Moves eight codes of 1, 2 or 4 bits, which have a byte each, together: neighbours are joined
// three times. With `high_first` the first of two codes goes above the second (4 bits only).
template <int kBits, bool kHighFirst>
HWY_INLINE uint64_t PackEight(uint64_t codes) {
  constexpr int kGap = 8 - kBits;
  if (kHighFirst) {
    codes = (codes << 4 | codes >> 8) & 0x00FF00FF00FF00FFu;
  } else {
    codes = (codes | codes >> kGap) & (0x0001000100010001u * ((1u << 2 * kBits) - 1));
  }
  codes = (codes | codes >> 2 * kGap) & (0x0000000100000001u * ((1u << 4 * kBits) - 1));
  return codes | codes >> 4 * kGap;
}

template <int kBits, bool kHighFirst>
HWY_INLINE uint64_t UnpackEight(uint64_t packed) {
  constexpr int kGap = 8 - kBits;
  constexpr uint64_t kHalf = (uint64_t{1} << 4 * kBits) - 1;
  packed = (packed & kHalf) | (packed & kHalf << 4 * kBits) << 4 * kGap;
  packed = (packed | packed << 2 * kGap) & (0x0001000100010001u * ((1u << 2 * kBits) - 1));
  if (kHighFirst) return (packed >> 4 | packed << 8) & 0x0F0F0F0F0F0F0F0Fu;
  return (packed | packed << kGap) & (0x0101010101010101u * ((1u << kBits) - 1));
}

template <int kBits, bool kHighFirst>
HWY_INLINE void PackAll(const uint8_t* codes, int64_t size, uint8_t* packed) {
  int64_t i = 0;
  for (; i + 8 <= size; i += 8, packed += kBits) {
    const uint64_t word = PackEight<kBits, kHighFirst>(LoadEight(codes + i));
    std::memcpy(packed, &word, kBits);
  }
  if (i == size) return;
  uint8_t tail[8] = {};
  std::copy(codes + i, codes + size, tail);
  const uint64_t word = PackEight<kBits, kHighFirst>(LoadEight(tail));
  std::memcpy(packed, &word, static_cast<size_t>(((size - i) * kBits + 7) / 8));
}

template <int kBits, bool kHighFirst>
HWY_INLINE void UnpackAll(const uint8_t* packed, int64_t size, uint8_t* codes) {
  int64_t i = 0;
  for (; i + 8 <= size; i += 8, packed += kBits) {
    uint64_t word = 0;
    std::memcpy(&word, packed, kBits);
    word = UnpackEight<kBits, kHighFirst>(word);
    std::memcpy(codes + i, &word, 8);
  }
  if (i == size) return;
  uint64_t word = 0;
  std::memcpy(&word, packed, static_cast<size_t>(((size - i) * kBits + 7) / 8));
  word = UnpackEight<kBits, kHighFirst>(word);
  std::memcpy(codes + i, &word, static_cast<size_t>(size - i));
}

// Codes of 4 bits are the common case. Two of them are joined in a lane of 16 bits.
template <bool kHighFirst>
HWY_INLINE void PackNibbles(const uint8_t* codes, int64_t size, uint8_t* packed) {
  const hn::ScalableTag<uint16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    auto pair = hn::LoadU(d, reinterpret_cast<const uint16_t*>(codes + i));
    auto joined = kHighFirst ? hn::Or(hn::ShiftLeft<4>(pair), hn::ShiftRight<8>(pair))
                             : hn::Or(pair, hn::ShiftRight<4>(pair));
    hn::StoreU(hn::TruncateTo(bytes, hn::And(joined, hn::Set(d, 0xFF))), bytes, packed + i / 2);
  }
  PackAll<4, kHighFirst>(codes + i, size - i, packed + i / 2);
}

template <bool kHighFirst>
HWY_INLINE void UnpackNibbles(const uint8_t* packed, int64_t size, uint8_t* codes) {
  const hn::ScalableTag<uint16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    auto pair = hn::PromoteTo(d, hn::LoadU(bytes, packed + i / 2));
    auto apart = kHighFirst ? hn::Or(hn::ShiftRight<4>(pair), hn::ShiftLeft<8>(pair))
                            : hn::Or(pair, hn::ShiftLeft<4>(pair));
    hn::StoreU(hn::And(apart, hn::Set(d, 0x0F0F)), d, reinterpret_cast<uint16_t*>(codes + i));
  }
  UnpackAll<4, kHighFirst>(packed + i / 2, size - i, codes + i);
}

HWY_NOINLINE void Pack(const uint8_t* codes, int64_t size, int bits, bool high_first,
                       uint8_t* packed) {
  if (bits == 8) std::copy(codes, codes + size, packed);
  if (bits == 4 && high_first) PackNibbles<true>(codes, size, packed);
  if (bits == 4 && !high_first) PackNibbles<false>(codes, size, packed);
  if (bits == 2) PackAll<2, false>(codes, size, packed);
  if (bits == 1) PackAll<1, false>(codes, size, packed);
}

HWY_NOINLINE void Unpack(const uint8_t* packed, int64_t size, int bits, bool high_first,
                         uint8_t* codes) {
  if (bits == 8) std::copy(packed, packed + size, codes);
  if (bits == 4 && high_first) UnpackNibbles<true>(packed, size, codes);
  if (bits == 4 && !high_first) UnpackNibbles<false>(packed, size, codes);
  if (bits == 2) UnpackAll<2, false>(packed, size, codes);
  if (bits == 1) UnpackAll<1, false>(packed, size, codes);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(Decode);
HWY_EXPORT(DecodeWide);
HWY_EXPORT(Pack);
HWY_EXPORT(Unpack);

void DecodeUnit(const Unit& unit, const float* table, bool small, const float* scales,
                const float* factor) {
  HWY_DYNAMIC_DISPATCH(Decode)(unit, table, small, scales, factor);
}
void DecodeWideUnit(const Unit& unit, const uint8_t* packed, ElementType element) {
  HWY_DYNAMIC_DISPATCH(DecodeWide)(unit, packed, element);
}
void PackUnit(const uint8_t* codes, int64_t size, int bits, bool high_first, uint8_t* packed) {
  HWY_DYNAMIC_DISPATCH(Pack)(codes, size, bits, high_first, packed);
}
void UnpackUnit(const uint8_t* packed, int64_t size, int bits, bool high_first, uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(Unpack)(packed, size, bits, high_first, codes);
}
}  // namespace fp4::numerics::cpu
#endif
