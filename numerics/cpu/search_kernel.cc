// Block scales that do not follow from the amax alone: four-over-six tries two and keeps the
// better, MS-EDEN corrects eight by what their elements lost.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/search_kernel.cc"
#include <algorithm>
#include <utility>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/maxima-inl.h"
#include "numerics/cpu/scales-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t kColumns = 16;  // The tiles of four-over-six and of MS-EDEN have as many.

// What a vector loses when it is encoded with these scales, in the units of TwoLevelRule.
HWY_INLINE V ErrorOf(const Job& job, V value, V encode, V decode) {
  V q = RoundMinifloat<E2M1, false>(hn::Mul(value, encode), hn::Zero(DU()));
  const V decoded = hn::Mul(hn::Mul(q, decode), hn::Set(D(), job.two_level.decode_units));
  const V error = hn::Sub(decoded, hn::Mul(value, hn::Set(D(), job.two_level.to_units)));
  return job.four_over_six == FourOverSix::kMse ? hn::Mul(error, error) : hn::Abs(error);
}

// The errors of a tile, summed in fp32 in the order of the elements.
HWY_INLINE float TileError(const Job& job, const float* values, const Tile& tile,
                           const BlockScale& scale) {
  D d;
  const V encode = hn::Set(d, scale.encode), decode = hn::Set(d, scale.decode);
  HWY_ALIGN float errors[kMaxLanes];
  float sum = 0.0f;
  for (int64_t row = 0; row < tile.rows; ++row) {
    const float* x = values + tile.offset + row * tile.stride;
    for (int64_t i = 0; i < tile.columns; i += kLanes) {
      const int64_t left = HWY_MIN(tile.columns - i, kLanes);
      HWY_ALIGN float tail[kMaxLanes] = {};
      std::copy(x + i, x + i + left, tail);
      hn::Store(ErrorOf(job, hn::Load(d, tail), encode, decode), d, errors);
      for (int64_t lane = 0; lane < left; ++lane) sum += errors[lane];
    }
  }
  return sum;
}

HWY_INLINE BlockScale FourOrSix(const Job& job, const Unit& unit, const Tile& tile) {
  const uint32_t bits = TileMaxAbsBits(unit.values, tile);
  const bool poisoned = bits >= kInfinityBits;
  const float amax = poisoned ? 0.0f : Min(BitsFloat(bits) * job.resolved.headroom, kFloatMax);
  const BlockScale six = TwoLevelScale(amax, poisoned, job.two_level, 1.0f);
  if (poisoned) return six;
  const BlockScale four = TwoLevelScale(amax, false, job.two_level, 1.5f);
  const float error = TileError(job, unit.values, tile, four);
  return error < TileError(job, unit.values, tile, six) ? four : six;
}

#if HWY_TARGET != HWY_SCALAR
// A transposition takes log2(kLanes) of these steps.
template <size_t... i>
HWY_INLINE void TransposeStep(V* rows, std::index_sequence<i...>) {
  D d;
  const V even[] = {hn::ConcatEven(d, rows[2 * i + 1], rows[2 * i])...};
  const V odd[] = {hn::ConcatOdd(d, rows[2 * i + 1], rows[2 * i])...};
  ((rows[i] = even[i], rows[i + sizeof...(i)] = odd[i]), ...);
}

template <int64_t kSteps>
HWY_INLINE void TransposeSteps(V* rows) {
  if constexpr (kSteps > 1) {
    TransposeStep(rows, std::make_index_sequence<kLanes / 2>());
    TransposeSteps<kSteps / 2>(rows);
  }
}

// `transposed`[column] holds that column of one row of each of kLanes tiles side by side.
HWY_INLINE void TransposeTiles(const float* values, float* transposed) {
  D d;
  for (int64_t column = 0; column < kColumns; column += kLanes) {
    V rows[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) {
      rows[i] = hn::LoadU(d, values + i * kColumns + column);
    }
    TransposeSteps<kLanes>(rows);
    for (int64_t i = 0; i < kLanes; ++i) {
      hn::Store(rows[i], d, transposed + (column + i) * kLanes);
    }
  }
}

// kLanes whole tiles side by side, one in each lane, so that each lane's errors are summed in
// order.
HWY_INLINE void FourOrSixOfTiles(const Job& job, const float* values, int64_t rows, int64_t stride,
                                 const BlockScales& scales) {
  D d;
  const FoldedTiles<0> folded = {values, rows, kColumns, stride};
  const BlockMaxima maxima = MaximaFromBits(job, MaximaOf<kLanes>(folded, 0));
  const VectorScale six = TwoLevelScales(maxima.amax, job.two_level, 1.0f);
  const VectorScale four = TwoLevelScales(maxima.amax, job.two_level, 1.5f);
  V error_six = hn::Zero(d), error_four = hn::Zero(d);
  HWY_ALIGN float transposed[kColumns * kLanes];
  for (int64_t row = 0; row < rows; ++row) {
    TransposeTiles(values + row * stride, transposed);
    for (int64_t i = 0; i < kColumns; ++i) {
      V value = hn::Load(d, transposed + i * kLanes);
      error_six = hn::Add(error_six, ErrorOf(job, value, six.encode, six.decode));
      error_four = hn::Add(error_four, ErrorOf(job, value, four.encode, four.decode));
    }
  }
  auto better = hn::Lt(error_four, error_six);
  const VectorScale chosen = {
      hn::IfThenElse(better, four.encode, six.encode),
      hn::IfThenElse(better, four.decode, six.decode),
      hn::IfThenElse(hn::RebindMask(DI(), better), four.stored, six.stored)};
  StoreScales(job, chosen, maxima.poisoned, scales);
}
#endif

HWY_INLINE void FourOrSixOfRow(const Job& job, const Unit& unit, int64_t row, BlockScales scales) {
  const int64_t rows = HWY_MIN(unit.tile_rows, unit.rows - row);
  int64_t tile = 0, column = 0;
#if HWY_TARGET != HWY_SCALAR
  for (; column + kLanes * kColumns <= unit.columns && unit.tile_columns == kColumns;
       column += kLanes * kColumns, tile += kLanes) {
    FourOrSixOfTiles(job, unit.values + row * unit.stride + column, rows, unit.stride,
                     scales.From(tile));
  }
#endif
  for (; column < unit.columns; column += unit.tile_columns, ++tile) {
    const Tile one = {row * unit.stride + column, rows,
                      HWY_MIN(unit.tile_columns, unit.columns - column), unit.stride};
    scales.Set(tile, FourOrSix(job, unit, one));
  }
}

// The correction of a group of 128 elements under the scales of its eight blocks.
HWY_INLINE float CorrectionOf(const float* values, const float* encode) {
  D d;
  HWY_ALIGN float xx[kMaxLanes] = {}, xq[kMaxLanes] = {};
  for (int64_t block = 0; block < kEdenGroup / kEdenBlock; ++block) {
    if (encode[block] != encode[block]) continue;  // poisoned
    for (int64_t i = 0; i < kEdenBlock; i += kLanes) {
      V value = hn::LoadU(d, values + block * kEdenBlock + i);
      V scaled = hn::Mul(value, hn::Set(d, encode[block]));
      V q = RoundMinifloat<E2M1, false>(scaled, hn::Zero(DU()));
      hn::Store(hn::Add(hn::Load(d, xx + i), hn::Mul(scaled, scaled)), d, xx + i);
      hn::Store(hn::Add(hn::Load(d, xq + i), hn::Mul(scaled, q)), d, xq + i);
    }
  }
  return EdenCorrection(FoldPartialSums(xx), FoldPartialSums(xq));
}

// Finds the EdenScale of kLanes blocks from `block` on, or of as many as are left.
HWY_INLINE void EdenFirstScales(const Job& job, const Unit& unit, int64_t block, int64_t count) {
  const float* values = unit.values + block * kEdenBlock;
  VI bits;
  if (kEdenBlock % kLanes == 0 && count >= kLanes) {
    const FoldedTiles<0> folded = {values, 1, kEdenBlock, 0};
    bits = MaximaOf<kLanes>(folded, 0);
  } else {
    HWY_ALIGN int32_t each[kMaxLanes] = {};
    for (int64_t i = 0; i < HWY_MIN(count, kLanes); ++i) {
      each[i] = static_cast<int32_t>(MaxAbsBitsOf(values + i * kEdenBlock, kEdenBlock));
    }
    bits = hn::Load(DI(), each);
  }
  const BlockMaxima maxima = MaximaFromBits(job, bits);
  StoreScales(job, EdenScales(maxima.amax, job.eden_scale), maxima.poisoned,
              unit.scales.From(block));
}

// Replaces the scales of kLanes blocks by their EdenCorrectedScale.
HWY_INLINE void CorrectScales(const BlockScales& scales, const float* corrections,
                              const uint32_t* random) {
  D d;
  V decode = hn::LoadU(d, scales.decode);
  V wanted = hn::Mul(decode, hn::LoadU(d, corrections));
  V corrected = RoundMinifloat<E4M3, true>(wanted, hn::LoadU(DU(), random));
  auto poisoned = hn::IsNaN(decode);
  hn::StoreU(hn::IfThenElse(poisoned, decode, corrected), d, scales.decode);
  if (scales.stored == nullptr) return;
  VI code = hn::IfThenElse(hn::RebindMask(DI(), poisoned), hn::Set(DI(), 0x7F),
                           MinifloatCode<E4M3>(corrected));
  hn::StoreU(hn::BitCast(DU(), code), DU(), scales.stored);
}

// Works on a few groups at a time, so that corrections and random words stay in the cache.
HWY_INLINE void EdenScalesOfUnit(const Job& job, const Unit& unit) {
  constexpr int64_t kBatch = 64, kGroupBlocks = kEdenGroup / kEdenBlock;
  HWY_ALIGN float corrections[kBatch + kMaxLanes] = {};
  HWY_ALIGN uint32_t random[kBatch + kMaxLanes] = {};
  const int64_t blocks = unit.size() / kEdenBlock;
  for (int64_t first = 0; first < blocks; first += kBatch) {
    const int64_t count = HWY_MIN(kBatch, blocks - first);
    for (int64_t i = 0; i < count; i += kLanes) EdenFirstScales(job, unit, first + i, count - i);
    for (int64_t i = 0; i < count; i += kGroupBlocks) {
      const float correction =
          CorrectionOf(unit.values + (first + i) * kEdenBlock, unit.scales.encode + first + i);
      std::fill_n(corrections + i, kGroupBlocks, correction);
    }
    FillBlockRandom(job.key, job.step, unit.first_element + first * kEdenBlock, kEdenBlock, count,
                    random);
    for (int64_t i = 0; i < count; i += kLanes) {
      CorrectScales(unit.scales.From(first + i), corrections + i, random + i);
    }
  }
}

HWY_NOINLINE void Search(const Job& job, const Unit& unit) {
  if (job.ms_eden) return EdenScalesOfUnit(job, unit);
  const int64_t across = (unit.columns + unit.tile_columns - 1) / unit.tile_columns;
  for (int64_t row = 0, block = 0; row < unit.rows; row += unit.tile_rows, block += across) {
    FourOrSixOfRow(job, unit, row, unit.scales.From(block));
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(Search);
void SearchUnit(const Job& job, const Unit& unit) { HWY_DYNAMIC_DISPATCH(Search)(job, unit); }
}  // namespace fp4::numerics::cpu
#endif
