#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/random_kernel.cc"
#include <algorithm>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/arithmetic/random.h"
#include "numerics/cpu/job.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
HWY_NOINLINE void Random(uint64_t key, uint64_t step, int64_t first, int64_t size,
                         uint32_t* words) {
  for (int64_t i = 0; i < size; i += 4) {
    PhiloxWords four = Philox(key, static_cast<uint64_t>(first + i) / 4, step);
    std::copy(four.words, four.words + 4, words + i);
  }
}

HWY_NOINLINE void BlockRandom(uint64_t key, uint64_t step, int64_t first, int64_t stride,
                              int64_t count, uint32_t* words) {
  for (int64_t i = 0; i < count; ++i) {
    words[i] = RandomBits(key, step, static_cast<uint64_t>(first + i * stride));
  }
}
#else
// Philox (numerics/arithmetic/philox.h) with a counter in each lane of 64 bits: products of the
// lower halves are what the rounds need, and what is in the upper halves of c0 ... c3 does not
// matter.
using DWide = hn::ScalableTag<uint64_t>;
using DWord = hn::Repartition<uint32_t, DWide>;
using VWide = hn::Vec<DWide>;
constexpr auto kCounters = static_cast<int64_t>(hn::MaxLanes(DWide()));

struct WideWords {
  VWide c0, c1, c2, c3;
};

HWY_INLINE VWide Product(uint32_t factor, VWide x) {
  return hn::MulEven(hn::Set(DWord(), factor), hn::BitCast(DWord(), x));
}

HWY_INLINE WideWords PhiloxOf(uint64_t key, VWide counter, uint64_t step) {
  DWide d;
  WideWords w = {counter, hn::ShiftRight<32>(counter), hn::Set(d, step), hn::Set(d, step >> 32)};
  auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    VWide product0 = Product(0xD2511F53u, w.c0), product1 = Product(0xCD9E8D57u, w.c2);
    w.c0 = hn::Xor3(hn::ShiftRight<32>(product1), w.c1, hn::Set(d, k0));
    w.c2 = hn::Xor3(hn::ShiftRight<32>(product0), w.c3, hn::Set(d, k1));
    w.c1 = product1;
    w.c3 = product0;
  }
  return w;
}

// Stores two words of each counter, the first one in the lower half.
HWY_INLINE VWide Joined(VWide low, VWide high) {
  DWord d;
  return hn::BitCast(DWide(),
                     hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(high)), hn::BitCast(d, low)));
}

HWY_NOINLINE void Random(uint64_t key, uint64_t step, int64_t first, int64_t size,
                         uint32_t* words) {
  DWide d;
  for (int64_t i = 0; i < size; i += 4 * kCounters) {
    const VWide counter = hn::Iota(d, static_cast<uint64_t>(first + i) / 4);
    const WideWords w = PhiloxOf(key, counter, step);
    hn::StoreInterleaved2(Joined(w.c0, w.c1), Joined(w.c2, w.c3), d,
                          reinterpret_cast<uint64_t*>(words + i));
  }
}

HWY_NOINLINE void BlockRandom(uint64_t key, uint64_t step, int64_t first, int64_t stride,
                              int64_t count, uint32_t* words) {
  DWide d;
  const VWide offsets = hn::Mul(hn::Iota(d, 0), hn::Set(d, static_cast<uint64_t>(stride) / 4));
  HWY_ALIGN uint64_t first_words[kCounters];
  for (int64_t i = 0; i < count; i += kCounters) {
    const auto counter = static_cast<uint64_t>(first + i * stride) / 4;
    hn::Store(PhiloxOf(key, hn::Add(hn::Set(d, counter), offsets), step).c0, d, first_words);
    const int64_t left = HWY_MIN(kCounters, count - i);
    for (int64_t j = 0; j < left; ++j) words[i + j] = static_cast<uint32_t>(first_words[j]);
  }
}
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(Random);
HWY_EXPORT(BlockRandom);
void FillRandom(uint64_t key, uint64_t step, int64_t first, int64_t size, uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(Random)(key, step, first, size, words);
}
void FillBlockRandom(uint64_t key, uint64_t step, int64_t first, int64_t stride, int64_t count,
                     uint32_t* words) {
  HWY_DYNAMIC_DISPATCH(BlockRandom)(key, step, first, stride, count, words);
}
}  // namespace fp4::numerics::cpu
#endif
