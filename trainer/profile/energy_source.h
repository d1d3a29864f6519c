#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "trainer/backend/backend.h"

namespace fp4::trainer {

// A counter of energy that covers what a run computes on: the GPU's own (NVML), or that of the
// processors' packages (RAPL, as the kernel shows it). Not thread-safe.
class EnergySource {
 public:
  // `backend` outlives it. `powercap`: the folder of the kernel's power zones.
  explicit EnergySource(const Backend& backend,
                        const std::filesystem::path& powercap = "/sys/class/powercap");

  // Since some time in the past; nothing where there is no counter. Of the whole device or all
  // packages, whoever used them.
  std::optional<double> Joules() const;

  // "NVML", "RAPL, 2 packages", or why there is no counter.
  const std::string& name() const { return name_; }

  // Between two readings, of which the first came first. A package's counter begins anew where it
  // has reached its range: readings less than a minute or so apart are told right.
  double Between(double first, double second) const;

 private:
  void FindPackages(const std::filesystem::path& powercap);

  const Backend& backend_;
  std::string name_;
  std::vector<std::filesystem::path> counters_;  // energy_uj of each package
  double range_joules_ = 0;                      // of one package's counter
};

}  // namespace fp4::trainer
