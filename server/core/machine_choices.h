// What an experiment's runs compute with, so that all of them are comparable. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "server/core/slot.h"
#include "spec/run_spec.h"

namespace fp4::core {

struct MachineChoices {
  spec::ComputeDtype compute_dtype = spec::ComputeDtype::kAuto;  // kAuto: not chosen yet
  int64_t cpu_threads = 0;                                       // 0: not chosen yet
};

// The choice for an experiment whose first run is assigned to `slots` (not empty): the compute type
// that is faster there, and the threads of the slots together.
MachineChoices ChooseFrom(const std::vector<Slot>& slots);

// What a run gets: what its document asks for (kAuto and 0: nothing), else the experiment's choice.
MachineChoices Resolve(const MachineChoices& document, const MachineChoices& experiment);

}  // namespace fp4::core
