// The largest magnitudes of blocks. Included once for each target by the kernels.
#if defined(FP4_NUMERICS_CPU_MAXIMA_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_MAXIMA_INL_H_
#undef FP4_NUMERICS_CPU_MAXIMA_INL_H_
#else
#define FP4_NUMERICS_CPU_MAXIMA_INL_H_
#endif

#include "numerics/cpu/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

HWY_INLINE VI MagnitudeBits(const float* values) {
  return hn::And(hn::BitCast(DI(), hn::LoadU(D(), values)), hn::Set(DI(), 0x7FFFFFFF));
}

// Bits of magnitudes ascend with them; those of Inf and NaN are the largest.
HWY_INLINE uint32_t MaxAbsBitsOf(const float* values, int64_t size) {
  DI di;
  const int64_t whole = size - size % kLanes;
  VI largest = hn::Zero(di);
  for (int64_t i = 0; i < whole; i += kLanes) largest = hn::Max(largest, MagnitudeBits(values + i));
  auto result = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, largest)));
  for (int64_t i = whole; i < size; ++i) result = HWY_MAX(result, AbsBits(values[i]));
  return result;
}

HWY_INLINE uint32_t TileMaxAbsBits(const float* values, const Tile& tile) {
  uint32_t largest = 0;
  for (int64_t row = 0; row < tile.rows; ++row) {
    largest =
        HWY_MAX(largest, MaxAbsBitsOf(values + tile.offset + row * tile.stride, tile.columns));
  }
  return largest;
}

// Tiles side by side, each folded to one vector: `kVectors` in a row of a tile of one row, 0 for
// any whole number of vectors and any number of rows.
template <int kVectors>
struct FoldedTiles {
  const float* values;
  int64_t rows, columns, stride;

  HWY_INLINE VI operator()(int64_t index) const {
    const float* begin = values + index * (kVectors > 0 ? kVectors * kLanes : columns);
    if constexpr (kVectors > 0) return FoldRow(begin, kVectors * kLanes);
    VI largest = hn::Zero(DI());
    for (int64_t row = 0; row < rows; ++row) {
      largest = hn::Max(largest, FoldRow(begin + row * stride, columns));
    }
    return largest;
  }

 private:
  static HWY_INLINE VI FoldRow(const float* begin, int64_t size) {
    VI largest = MagnitudeBits(begin);
    for (int64_t i = kLanes; i < size; i += kLanes) {
      largest = hn::Max(largest, MagnitudeBits(begin + i));
    }
    return largest;
  }
};

// The maxima of as many tiles as a vector has lanes, each in the lane of its index. Halves of pairs
// of vectors are put together lane by lane (even ones, odd ones), which halves the vectors with
// each step and needs no reduction within one.
template <int kTiles, class Folded>
HWY_INLINE VI MaximaOf(const Folded& folded, int64_t first) {
  if constexpr (kTiles == 1) {
    return folded(first);
  } else {
#if HWY_TARGET != HWY_SCALAR
    DI di;
    VI low = MaximaOf<kTiles / 2>(folded, first);
    VI high = MaximaOf<kTiles / 2>(folded, first + kTiles / 2);
    return hn::Max(hn::ConcatEven(di, high, low), hn::ConcatOdd(di, high, low));
#endif
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
