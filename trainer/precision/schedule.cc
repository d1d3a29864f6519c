#include "trainer/precision/schedule.h"

#include <algorithm>

namespace fp4::trainer {

const std::vector<spec::LayerPrecision>& TableAt(const spec::RunSpec& run, int64_t update) {
  const auto after = std::ranges::upper_bound(run.phases, std::max<int64_t>(update, 1), {},
                                              &spec::PrecisionPhase::from_step);
  return after == run.phases.begin() ? run.layers : std::prev(after)->layers;
}

}  // namespace fp4::trainer
