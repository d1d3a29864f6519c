// What a run is at a step, as tensors: the masters under their own names, and for each that has
// been updated optimizer.exp_avg.<name>, optimizer.exp_avg_sq.<name> (fp32) and
// optimizer.step.<name> (int64). Nothing else: no time, no host, no path, no attempt, so that a
// resumed run and one that was never stopped write equal bytes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "safetensors/safetensors.h"
#include "trainer/model/parameters.h"
#include "trainer/optimizer/adamw.h"

namespace fp4::trainer {

struct StateSnapshot {
  std::vector<safetensors::TensorView> tensors;  // views of `storage`
  std::map<std::string, std::string> metadata;   // {"step"}
  std::vector<at::Tensor> storage;               // on the CPU
};

StateSnapshot TakeState(int64_t step, const ParameterSet& parameters, const AdamW& optimizer);

// DATA_LOSS: the file is not a state of this model, with the tensor.
absl::Status RestoreState(const std::string& file, const ParameterSet& parameters,
                          AdamW& optimizer);

}  // namespace fp4::trainer
