#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/stop_check.h"

namespace fp4::trainer {

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

}  // namespace fp4::trainer
