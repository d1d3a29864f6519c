#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "base/stop_check.h"
#include "trainer/run/options.h"
#include "trainer/run/select_run.h"

namespace fp4::trainer {

struct Parts;

// Weights that are measured, not trained.
struct MeasuredWeights {
  std::string file;  // a safetensors file
  int64_t step = 0;  // completed updates; 0 where nothing says it
};

// `path`: a checkpoint's folder or a safetensors file. `asked_by` ("--evaluate") begins errors.
// NOT_FOUND: it is the folder of a run, or there is no checkpoint in it; others as OpenCheckpoint
// gives them.
absl::StatusOr<MeasuredWeights> FindMeasuredWeights(const std::string& path,
                                                    const std::string& asked_by,
                                                    const StopCheck& stop);

// One of fp4-train's ways to look at weights instead of training. Builds the selected run around
// the weights at `path` (as above), has `measure` look at it, and writes the text that it gives to
// `out`; warnings and errors go to stderr. The exit status: 0, 3 when `stop` asked for an end, else
// as Failed gives it.
int MeasureWeights(
    const Options& options, const SelectedRun& selected, const std::string& path,
    const std::string& asked_by, const StopCheck& stop, std::ostream& out,
    const std::function<absl::StatusOr<std::string>(Parts&, const MeasuredWeights&)>& measure);

}  // namespace fp4::trainer
