#include "server/core/machine_choices.h"

namespace fp4::core {

MachineChoices ChooseFrom(const std::vector<Slot>& slots) {
  MachineChoices choices;
  for (const Slot& slot : slots) choices.cpu_threads += slot.cpu_threads;
  if (choices.cpu_threads <= 0) choices.cpu_threads = 1;
  choices.compute_dtype = slots.front().compute_dtype;
  if (choices.compute_dtype == spec::ComputeDtype::kAuto) {
    choices.compute_dtype = spec::ComputeDtype::kFp32;
  }
  return choices;
}

MachineChoices Resolve(const MachineChoices& document, const MachineChoices& experiment) {
  MachineChoices resolved = document;
  if (resolved.compute_dtype == spec::ComputeDtype::kAuto) {
    resolved.compute_dtype = experiment.compute_dtype;
  }
  if (resolved.cpu_threads == 0) resolved.cpu_threads = experiment.cpu_threads;
  return resolved;
}

}  // namespace fp4::core
