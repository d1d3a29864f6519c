// The curves of one run or of many, read piece by piece on the store's readers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/store.h"

namespace fp4::web {

struct CurvesQuestion {
  std::vector<std::string> run_ids;    // full ids
  std::vector<std::string> names;      // of metrics
  int64_t from_step = 0, to_step = 0;  // both belong to it; to_step 0: no upper end
};

using Curves = std::vector<store::CurveRecord>;

// Calls `done`, on a reader's thread, with what `reduce` leaves of each curve: run by run in the
// order of the question, each with all metrics. `reduce` is called on the readers' threads, for
// several curves at a time. No reader is held for longer than a few runs take, so that others get
// their turn.
void ReadCurves(store::Store& store, CurvesQuestion question,
                std::function<void(store::CurveRecord&)> reduce,
                std::function<void(absl::StatusOr<Curves>)> done);

}  // namespace fp4::web
