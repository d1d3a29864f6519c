#include "trainer/measure/energy.h"

namespace fp4::trainer {

EnergyMeter::EnergyMeter(const Backend& backend, double joules_before)
    : backend_(backend), joules_before_(joules_before), at_start_(backend.energy_joules()) {}

std::optional<double> EnergyMeter::Joules() const {
  if (!at_start_) return std::nullopt;
  std::optional<double> now = backend_.energy_joules();
  if (!now) return std::nullopt;
  return joules_before_ + (*now - *at_start_);
}

}  // namespace fp4::trainer
