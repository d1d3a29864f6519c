// What charts read: the curves of many runs at once.
#include <algorithm>

#include "base/status_macros.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/points.h"
#include "server/store/reader.h"

namespace fp4::store {
namespace {

constexpr char kFindRun[] =
    "SELECT runs.row, variants.name, seed FROM runs JOIN variants ON variants.row = variant "
    "JOIN experiments ON experiments.row = runs.experiment "
    "WHERE runs.id = ? AND deleted_ms IS NULL";

StepRange RangeOf(int64_t from_step, int64_t to_step) {
  StepRange range{.from = from_step};
  if (to_step != 0) range.to = to_step;
  return range;
}

}  // namespace

absl::StatusOr<std::vector<CurveRecord>> Reader::ReadCurves(std::span<const std::string> run_ids,
                                                            std::span<const std::string> names,
                                                            int64_t from_step, int64_t to_step) {
  return WithoutExceptions([&]() -> absl::StatusOr<std::vector<CurveRecord>> {
    const StepRange range = RangeOf(from_step, to_step);
    std::vector<CurveRecord> curves;
    // A snapshot for each run: together they may take long.
    for (const std::string& id : run_ids) {
      Snapshot snapshot(db_);
      Query run(db_, kFindRun, id);
      if (!run.Next()) continue;
      for (const std::string& name : names) {
        curves.push_back({.run_id = id,
                          .variant = run.Text(1),
                          .seed = static_cast<uint64_t>(run.Int(2)),
                          .name = name,
                          .points = ReadPoints(db_, run.Int(0), name, range)});
      }
    }
    return curves;
  });
}

absl::StatusOr<int64_t> Reader::LastStep(std::span<const std::string> run_ids,
                                         std::span<const std::string> names) {
  return WithoutExceptions([&]() -> absl::StatusOr<int64_t> {
    Snapshot snapshot(db_);
    int64_t last = 0;
    for (const std::string& id : run_ids) {
      Query run(db_, kFindRun, id);
      if (!run.Next()) continue;
      for (const std::string& name : names) {
        const std::optional<Point> point = LastPoint(db_, run.Int(0), name);
        if (point) last = std::max(last, point->step);
      }
    }
    return last;
  });
}

}  // namespace fp4::store
