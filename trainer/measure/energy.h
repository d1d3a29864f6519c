// The energy that a run's device has used for it: `energy/joules`.
#pragma once

#include <optional>

#include "trainer/backend/backend.h"

namespace fp4::trainer {

// Counts from its construction on, beginning with what earlier attempts used up to the checkpoint
// that this one goes on from. Not thread-safe; `backend` outlives it.
class EnergyMeter {
 public:
  EnergyMeter(const Backend& backend, double joules_before);

  // Of the whole device, others on it included; nothing where it does not tell.
  std::optional<double> Joules() const;

 private:
  const Backend& backend_;
  const double joules_before_;
  const std::optional<double> at_start_;
};

}  // namespace fp4::trainer
