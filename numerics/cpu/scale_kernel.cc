#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numerics/cpu/scale_kernel.cc"
#include <algorithm>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "numerics/cpu/amax-inl.h"
#include "numerics/cpu/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fp4::numerics::cpu {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE BlockStats MeanStats(const float* values, const Tile& tile) {
  BlockStats stats;
  double sum = 0;
  for (int64_t row = 0; row < tile.rows && !stats.poisoned; ++row) {
    stats.poisoned = !AddMagnitudesOf(values + tile.offset + row * tile.stride, tile.columns, &sum);
  }
  stats.mean = sum / static_cast<double>(tile.rows * tile.columns);
  return stats;
}

HWY_NOINLINE void ScaleByMean(const Job& job, const Unit& unit) {
  ForEachTile(unit, [&](int64_t block, const Tile& tile) HWY_ATTR {
    unit.scales.Set(block, MakeBlockScale(*job.info, job.resolved, MeanStats(unit.values, tile),
                                          job.two_level));
  });
}

HWY_NOINLINE void ScaleBlocks(const Job& job, const Unit& unit) {
  switch (job.rule) {
    case ScaleRule::kReciprocal:
      return ScaleByAmax<ScaleRule::kReciprocal>(job, unit);
    case ScaleRule::kDivided:
      return ScaleByAmax<ScaleRule::kDivided>(job, unit);
    case ScaleRule::kPowerOfTwo:
      return ScaleByAmax<ScaleRule::kPowerOfTwo>(job, unit);
    case ScaleRule::kTwoLevel:
      return ScaleByAmax<ScaleRule::kTwoLevel>(job, unit);
    case ScaleRule::kMean:
      return ScaleByMean(job, unit);
    case ScaleRule::kNone:
      return;
  }
}

HWY_NOINLINE bool SumMagnitudes(const float* values, int64_t size, double* sum) {
  return AddMagnitudesOf(values, size, sum);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace fp4::numerics::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fp4::numerics::cpu {
HWY_EXPORT(ScaleBlocks);
HWY_EXPORT(SumMagnitudes);
void ScaleUnit(const Job& job, const Unit& unit) {
  if (job.ms_eden || job.four_over_six != FourOverSix::kOff) return SearchUnit(job, unit);
  HWY_DYNAMIC_DISPATCH(ScaleBlocks)(job, unit);
}
bool AddMagnitudes(const float* values, int64_t size, double* sum) {
  return HWY_DYNAMIC_DISPATCH(SumMagnitudes)(values, size, sum);
}
}  // namespace fp4::numerics::cpu
#endif
