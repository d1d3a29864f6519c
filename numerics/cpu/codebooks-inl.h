// The element types of the code books (numerics/arithmetic/codebook.h) in vectors. Included once
// for each target by the kernels.
#if defined(FP4_NUMERICS_CPU_CODEBOOKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FP4_NUMERICS_CPU_CODEBOOKS_INL_H_
#undef FP4_NUMERICS_CPU_CODEBOOKS_INL_H_
#else
#define FP4_NUMERICS_CPU_CODEBOOKS_INL_H_
#endif

#include "numerics/arithmetic/codebook.h"
#include "numerics/cpu/cells.h"
#include "numerics/cpu/elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64
// A table of as many entries as a vector has lanes, or twice as many, is looked up in registers.
template <int kEntries>
HWY_INLINE V Lookup(const float* table, VI index) {
  D d;
  static_assert(kEntries == 16 || kEntries == 32);
  if constexpr (kEntries == 16) {
    return hn::TableLookupLanes(hn::Load(d, table), hn::IndicesFromVec(d, index));
  } else {
    return V{
        _mm512_permutex2var_ps(hn::Load(d, table).raw, index.raw, hn::Load(d, table + 16).raw)};
  }
}

// The rank's entry of `below` or `above`, by the cell that `value` lies in and one comparison.
template <class Book>
HWY_INLINE V PickByCell(V value, const float* below, const float* above) {
  using Cells = CellsOf<Book>;
  D d;
  DI di;
  // The sum's last bits are the number of the cell.
  V clamped = hn::Min(value, hn::Set(d, 1.0f));
  if (Cells::kLowest < 0.0f) clamped = hn::Max(clamped, hn::Set(d, Cells::kLowest));
  V shifted = hn::MulAdd(clamped, hn::Set(d, Cells::kScale), hn::Set(d, 0x1p23f + Cells::kOffset));
  VI cell = hn::And(hn::BitCast(di, shifted), hn::Set(di, Cells::kCount - 1));
  auto exceeds = hn::Gt(value, Lookup<Cells::kCount>(kCells<Book>.threshold, cell));
  return hn::IfThenElse(exceeds, Lookup<Cells::kCount>(above, cell),
                        Lookup<Cells::kCount>(below, cell));
}

template <class Book>
HWY_INLINE V NearestLevel(V value) {
  return PickByCell<Book>(value, kCells<Book>.level_below, kCells<Book>.level_above);
}

template <class Book>
HWY_INLINE VI NearestRankOf(V value) {
  return hn::BitCast(DI(),
                     PickByCell<Book>(value, kCells<Book>.rank_below, kCells<Book>.rank_above));
}
#else
template <class Book>
HWY_INLINE V NearestLevel(V value) {
  D d;
  V level = hn::Set(d, Book::Level(0));
  for (int rank = 1; rank < Book::kNumLevels; ++rank) {
    auto above = hn::Gt(value, hn::Set(d, Book::Threshold(rank - 1)));
    level = hn::IfThenElse(above, hn::Set(d, Book::Level(rank)), level);
  }
  return level;
}

template <class Book>
HWY_INLINE VI NearestRankOf(V value) {
  VI rank = hn::Zero(DI());
  for (int i = 0; i + 1 < Book::kNumLevels; ++i) {
    auto above = hn::RebindMask(DI(), hn::Gt(value, hn::Set(D(), Book::Threshold(i))));
    rank = hn::Sub(rank, hn::VecFromMask(DI(), above));
  }
  return rank;
}
#endif

// The level below or above `value`, for code books whose levels ascend. The last level is its own
// upper neighbour: what lies on or beyond it stays there.
template <class Book>
HWY_INLINE V StochasticLevel(V value, VU random) {
  D d;
  V below = hn::Set(d, Book::Level(0)), above = hn::Set(d, Book::Level(1));
  for (int rank = 1; rank < Book::kNumLevels; ++rank) {
    auto reached = hn::Ge(value, hn::Set(d, Book::Level(rank)));
    below = hn::IfThenElse(reached, hn::Set(d, Book::Level(rank)), below);
    int next = rank + 1 < Book::kNumLevels ? rank + 1 : rank;
    above = hn::IfThenElse(reached, hn::Set(d, Book::Level(next)), above);
  }
  V fraction = hn::Div(hn::Sub(value, below), hn::Sub(above, below));
  return hn::IfThenElse(hn::Gt(fraction, UniformOf(random)), above, below);
}

// The rank of a value that is one of the book's levels.
template <class Book>
HWY_INLINE VI RankOfLevel(V level) {
  VI rank = hn::Zero(DI());
  for (int i = 1; i < Book::kNumLevels; ++i) {
    auto reached = hn::RebindMask(DI(), hn::Ge(level, hn::Set(D(), Book::Level(i))));
    rank = hn::Sub(rank, hn::VecFromMask(DI(), reached));
  }
  return rank;
}

struct Fp4Element {
  template <bool kStochastic>
  static HWY_INLINE V Value(V value, V scaled, VU random) {
    D d;
    V magnitude = hn::Abs(scaled);
    V level = kStochastic ? StochasticLevel<Fp4Book>(magnitude, random)
                          : NearestLevel<Fp4Book>(magnitude);
    auto negative = hn::Lt(value, hn::Zero(d));
    return hn::Or(level, hn::IfThenElseZero(negative, hn::Set(d, -0.0f)));
  }

  template <bool kStochastic>
  static HWY_INLINE VI Code(V value, V scaled, VU random) {
    DI di;
    V magnitude = hn::Abs(scaled);
    VI rank = kStochastic ? RankOfLevel<Fp4Book>(StochasticLevel<Fp4Book>(magnitude, random))
                          : NearestRankOf<Fp4Book>(magnitude);
    // Fp4Book::Code of the ranks: pairs 0, 2, 4, 6 of them are 0, 6, 4, 2.
    VI pair = hn::And(hn::Sub(hn::Zero(di), hn::And(rank, hn::Set(di, 6))), hn::Set(di, 6));
    VI code = hn::Or(pair, hn::And(rank, hn::Set(di, 1)));
    auto negative = hn::RebindMask(di, hn::Lt(value, hn::Zero(D())));
    return hn::Or(code, hn::IfThenElseZero(negative, hn::Set(di, 8)));
  }
};

struct Nf4Element {
  template <bool kStochastic>
  static HWY_INLINE V Value(V /*value*/, V scaled, VU random) {
    return kStochastic ? StochasticLevel<Nf4Book>(scaled, random) : NearestLevel<Nf4Book>(scaled);
  }

  template <bool kStochastic>
  static HWY_INLINE VI Code(V /*value*/, V scaled, VU random) {
    return kStochastic ? RankOfLevel<Nf4Book>(StochasticLevel<Nf4Book>(scaled, random))
                       : NearestRankOf<Nf4Book>(scaled);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
