#include "spec/optimizer_tensors.h"

namespace fp4::spec {

bool UpdatedByMuon(const OptimizerSpec& optimizer, const TensorInfo& tensor) {
  return optimizer.name == "muon" && tensor.in_body && tensor.is_matrix();
}

int64_t StateBlock(OptimizerStates states) {
  switch (states) {
    case OptimizerStates::kFp32:
      return 0;
    case OptimizerStates::k8Bit:
    case OptimizerStates::kFp8:
      return 256;
    case OptimizerStates::k4Bit:
      return 128;
  }
  return 0;
}

OptimizerStates StatesOf(const OptimizerSpec& optimizer, const TensorInfo& tensor) {
  const int64_t block = StateBlock(optimizer.states);
  const int64_t elements = tensor.num_elements();
  const bool small = block != 0 && elements >= kFewestSmallStates && elements % block == 0;
  return small ? optimizer.states : OptimizerStates::kFp32;
}

}  // namespace fp4::spec
