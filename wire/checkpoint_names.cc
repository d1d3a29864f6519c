#include "wire/checkpoint_names.h"

namespace fp4::wire {

std::string WhereIs(const v1::CheckpointRecord& checkpoint) {
  return checkpoint.stored() ? "controller" : checkpoint.worker();
}

std::string KeptAs(const v1::CheckpointRecord& checkpoint) {
  if (checkpoint.is_last()) return checkpoint.is_best() ? "last,best" : "last";
  return checkpoint.is_best() ? "best" : "";
}

}  // namespace fp4::wire
