#include "wire/steps.h"

#include <algorithm>
#include <limits>

namespace fp4::wire {

void VisitSteps(const std::vector<v1::Series>& series,
                const std::function<void(int64_t step, const StepRow&)>& visit) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  std::vector<int> next(series.size(), 0);
  while (true) {
    int64_t step = kEnd;
    for (size_t i = 0; i < series.size(); ++i) {
      if (next[i] < series[i].points_size()) {
        step = std::min(step, series[i].points(next[i]).step());
      }
    }
    if (step == kEnd) return;
    StepRow row(series.size(), nullptr);
    for (size_t i = 0; i < series.size(); ++i) {
      if (next[i] < series[i].points_size() && series[i].points(next[i]).step() == step) {
        row[i] = &series[i].points(next[i]++);
      }
    }
    visit(step, row);
  }
}

}  // namespace fp4::wire
