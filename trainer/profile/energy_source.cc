#include "trainer/profile/energy_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/number.h"

namespace fp4::trainer {
namespace {

namespace fs = std::filesystem;

std::optional<double> ReadMicrojoules(const fs::path& file) {
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return std::nullopt;
  absl::StripAsciiWhitespace(&*text);
  const absl::StatusOr<int64_t> number = ParseNumber<int64_t>(*text, 0);
  if (!number.ok()) return std::nullopt;
  return static_cast<double>(*number);
}

bool IsPackage(const fs::path& zone) {
  const absl::StatusOr<std::string> name = ReadFile(zone / "name");
  return name.ok() && name->starts_with("package-");
}

}  // namespace

EnergySource::EnergySource(const Backend& backend, const fs::path& powercap) : backend_(backend) {
  if (backend.energy_joules()) {
    name_ = "NVML";
  } else if (!backend.device().is_cpu()) {
    name_ = "no counter: the GPU does not tell what it used";
  } else {
    FindPackages(powercap);
  }
}

void EnergySource::FindPackages(const fs::path& powercap) {
  std::error_code error;
  bool any = false;
  for (const fs::directory_entry& zone : fs::directory_iterator(powercap, error)) {
    if (!IsPackage(zone.path())) continue;
    any = true;
    if (!ReadMicrojoules(zone.path() / "energy_uj")) continue;
    counters_.push_back(zone.path() / "energy_uj");
    range_joules_ = 1e-6 * ReadMicrojoules(zone.path() / "max_energy_range_uj").value_or(0);
  }
  name_ = !counters_.empty() ? absl::StrCat("RAPL, ", counters_.size(),
                                            counters_.size() == 1 ? " package" : " packages")
          : any              ? absl::StrCat("no counter: energy_uj in ", powercap.string(),
                                            " cannot be read by this user")
                : absl::StrCat("no counter: ", powercap.string(), " has no package of RAPL");
}

std::optional<double> EnergySource::Joules() const {
  if (const std::optional<double> device = backend_.energy_joules()) return device;
  if (counters_.empty()) return std::nullopt;
  double sum = 0;
  for (const fs::path& counter : counters_) {
    const std::optional<double> microjoules = ReadMicrojoules(counter);
    if (!microjoules) return std::nullopt;
    sum += 1e-6 * *microjoules;
  }
  return sum;
}

double EnergySource::Between(double first, double second) const {
  double spent = second - first;
  for (size_t i = 0; spent < 0 && i < counters_.size(); ++i) spent += range_joules_;
  return spent;
}

}  // namespace fp4::trainer
