#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/transform_kernel.cc"
#include <algorithm>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/maxima-inl.h"
#include "numerics/hadamard.h"
#include "numerics/random.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE V GatherTable(const float* table, const uint8_t* codes) {
  D d;
  VI index = hn::PromoteTo(DI(), hn::LoadU(hn::Rebind<uint8_t, D>(), codes));
  return hn::GatherIndex(d, table, index);
}

// `size` decoded elements of one block.
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
    hn::StoreU(apply(GatherTable(table, codes + i)), d, decoded + i);
  if (i == size) return;
  HWY_ALIGN uint8_t tail_codes[kMaxLanes] = {};
  HWY_ALIGN float tail[kMaxLanes];
  std::copy(codes + i, codes + size, tail_codes);
  hn::Store(apply(GatherTable(table, tail_codes)), d, tail);
  std::copy(tail, tail + (size - i), decoded + i);
}

HWY_NOINLINE void Decode(const Unit& unit, const float* table, const float* scales,
                         const float* factor) {
  if (scales == nullptr) {
    DecodeRun(unit.codes, static_cast<size_t>(unit.size()), table, nullptr, factor, unit.decoded);
    return;
  }
  ForEachTile(unit, [&](int64_t block, const Tile& tile) HWY_ATTR {
    for (int64_t row = 0; row < tile.rows; ++row) {
      const int64_t begin = tile.offset + row * tile.stride;
      DecodeRun(unit.codes + begin, static_cast<size_t>(tile.columns), table, scales + block,
                factor, unit.decoded + begin);
    }
  });
}

HWY_NOINLINE uint32_t MaxBits(const float* values, int64_t size) {
  return MaxAbsBitsOf(values, size);
}

HWY_NOINLINE uint32_t MaxFiniteBits(const float* values, int64_t size) {
  DI di;
  const auto* bits = reinterpret_cast<const int32_t*>(values);
  const auto lanes = static_cast<int64_t>(hn::Lanes(di));
  const VI mask = hn::Set(di, 0x7FFFFFFF), infinity = hn::Set(di, kInfinityBits);
  VI largest = hn::Zero(di), second = largest;
  auto finite = [&](int64_t i) HWY_ATTR {
    VI magnitude = hn::And(hn::LoadU(di, bits + i), mask);
    return hn::IfThenElseZero(hn::Lt(magnitude, infinity), magnitude);
  };
  int64_t i = 0;
  for (; i + 2 * lanes <= size; i += 2 * lanes) {
    largest = hn::Max(largest, finite(i));
    second = hn::Max(second, finite(i + lanes));
  }
  auto result = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, hn::Max(largest, second))));
  for (; i < size; ++i) {
    uint32_t magnitude = static_cast<uint32_t>(bits[i]) & 0x7FFFFFFFu;
    if (magnitude < kInfinityBits) result = HWY_MAX(result, magnitude);
  }
  return result;
}

#if HWY_TARGET != HWY_SCALAR
// One stage of the transform inside a vector: every lane's partner is `kDistance` away. The upper
// one of a pair becomes lower - upper, the lower one their sum.
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

#if HWY_TARGET == HWY_SCALAR
HWY_NOINLINE void Random(uint64_t key, uint64_t step, int64_t first, int64_t size,
                         uint32_t* words) {
  for (int64_t i = 0; i < size; i += 4) {
    PhiloxWords four = Philox(key, static_cast<uint64_t>(first + i) / 4, step);
    std::copy(four.words, four.words + 4, words + i);
  }
}
#else
HWY_INLINE VU MulHigh(VU a, VU b) {
  DU du;
  const hn::Repartition<uint64_t, DU> du64;
  auto even = hn::MulEven(a, b);
  auto odd = hn::MulEven(hn::BitCast(du, hn::ShiftRight<32>(hn::BitCast(du64, a))),
                         hn::BitCast(du, hn::ShiftRight<32>(hn::BitCast(du64, b))));
  return hn::OddEven(hn::BitCast(du, odd), hn::BitCast(du, hn::ShiftRight<32>(even)));
}

// Philox (numerics/philox.h), a counter in each lane.
HWY_NOINLINE void Random(uint64_t key, uint64_t step, int64_t first, int64_t size,
                         uint32_t* words) {
  DU du;
  const auto lanes = static_cast<int64_t>(hn::Lanes(du));
  const VU multiplier0 = hn::Set(du, 0xD2511F53u), multiplier1 = hn::Set(du, 0xCD9E8D57u);
  for (int64_t i = 0; i < size; i += 4 * lanes) {
    auto counter = static_cast<uint64_t>(first + i) / 4;
    VU low = hn::Set(du, static_cast<uint32_t>(counter));
    VU c0 = hn::Add(low, hn::Iota(du, 0));
    VU carry = hn::VecFromMask(du, hn::Lt(c0, low));
    VU c1 = hn::Sub(hn::Set(du, static_cast<uint32_t>(counter >> 32)), carry);
    VU c2 = hn::Set(du, static_cast<uint32_t>(step)),
       c3 = hn::Set(du, static_cast<uint32_t>(step >> 32));
    auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      VU high0 = MulHigh(multiplier0, c0), low0 = hn::Mul(multiplier0, c0);
      VU high1 = MulHigh(multiplier1, c2), low1 = hn::Mul(multiplier1, c2);
      c0 = hn::Xor(hn::Xor(high1, c1), hn::Set(du, k0));
      c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(du, k1));
      c1 = low1;
      c3 = low0;
    }
    hn::StoreInterleaved4(c0, c1, c2, c3, du, words + i);
  }
}

#endif  // HWY_SCALAR

HWY_NOINLINE void Pack(const uint8_t* codes, int64_t size, int bits, bool high_first,
                       uint8_t* packed) {
  if (bits == 8) {
    std::copy(codes, codes + size, packed);
    return;
  }
  const int64_t per_byte = 8 / bits;
  int64_t whole = size / per_byte;
  if (bits == 4) {
    const int first = high_first ? 4 : 0, second = 4 - first;
    for (int64_t i = 0; i < whole; ++i) {
      packed[i] = static_cast<uint8_t>(codes[2 * i] << first | codes[2 * i + 1] << second);
    }
    if (size % 2 != 0) packed[whole] = static_cast<uint8_t>(codes[size - 1] << first);
    return;
  }
  for (int64_t i = 0; i * per_byte < size; ++i) {
    uint8_t byte = 0;
    for (int64_t j = 0; j < per_byte && i * per_byte + j < size; ++j) {
      byte |= static_cast<uint8_t>(codes[i * per_byte + j] << (j * bits));
    }
    packed[i] = byte;
  }
}

HWY_NOINLINE void Unpack(const uint8_t* packed, int64_t size, int bits, bool high_first,
                         uint8_t* codes) {
  if (bits == 8) {
    std::copy(packed, packed + size, codes);
    return;
  }
  if (bits == 4) {
    const int first = high_first ? 4 : 0, second = 4 - first;
    for (int64_t i = 0; i < size / 2; ++i) {
      codes[2 * i] = (packed[i] >> first) & 15;
      codes[2 * i + 1] = (packed[i] >> second) & 15;
    }
    if (size % 2 != 0) codes[size - 1] = (packed[size / 2] >> first) & 15;
    return;
  }
  const int64_t per_byte = 8 / bits;
  const int mask = (1 << bits) - 1;
  for (int64_t i = 0; i < size; ++i) {
    codes[i] = static_cast<uint8_t>((packed[i / per_byte] >> (i % per_byte * bits)) & mask);
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
HWY_EXPORT(Decode);
HWY_EXPORT(MaxBits);
HWY_EXPORT(MaxFiniteBits);
HWY_EXPORT(RotateAll);
HWY_EXPORT(Random);
HWY_EXPORT(Pack);
HWY_EXPORT(Unpack);
HWY_EXPORT(Target);

void DecodeUnit(const Unit& unit, const float* table, const float* scales, const float* factor) {
  HWY_DYNAMIC_DISPATCH(Decode)(unit, table, scales, factor);
}
uint32_t MaxAbsBits(const float* values, int64_t size) {
  return HWY_DYNAMIC_DISPATCH(MaxBits)(values, size);
}
uint32_t MaxFiniteAbsBits(const float* values, int64_t size) {
  return HWY_DYNAMIC_DISPATCH(MaxFiniteBits)(values, size);
}
void Rotate(float* values, int64_t size, int n, const float* signs, bool back) {
  HWY_DYNAMIC_DISPATCH(RotateAll)(values, size, n, signs, back);
}
void FillRandom(uint64_t key, uint64_t step, int64_t first, int64_t size, uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(Random)(key, step, first, size, words);
}
void PackUnit(const uint8_t* codes, int64_t size, int bits, bool high_first, uint8_t* packed) {
  HWY_DYNAMIC_DISPATCH(Pack)(codes, size, bits, high_first, packed);
}
void UnpackUnit(const uint8_t* packed, int64_t size, int bits, bool high_first, uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(Unpack)(packed, size, bits, high_first, codes);
}
std::string_view InstructionSet() { return hwy::TargetName(HWY_DYNAMIC_DISPATCH(Target)()); }
}  // namespace fp4::numerics::cpu
#endif
