#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "trainer/backend/backend.h"
#include "trainer/profile/energy_source.h"

namespace fp4::trainer {

// The times of some updates by part, for `fp4-train --profile`: what LibTorch's RecordFunction
// tells of operations, and of the parts that the trainer marks by RECORD_USER_SCOPE ("update",
// "data", "fprop blocks.0.mlp.up", …). It waits for the device at the begin and end of each part,
// so that the work that a part launched counts there; updates that are looked at are slower for it,
// and compute the same. While one of these lives, it looks; at most one at a time. Threads of
// LibTorch may call it.
class StepProfile {
 public:
  // The first updates of an attempt fill caches and are passed over.
  static constexpr int64_t kPassedOver = 2, kLookedAt = 10;

  // `backend` outlives it.
  explicit StepProfile(Backend& backend);
  ~StepProfile();
  StepProfile(const StepProfile&) = delete;
  StepProfile& operator=(const StepProfile&) = delete;

  // Milliseconds of an update by part, without what its inner parts took; the mean over those that
  // were looked at. "fprop" is of all layers together; "update" is what no other part has.
  std::map<std::string, double> MillisecondsByPart() const;
  int64_t num_updates() const;  // that were looked at
  double seconds() const;       // that they took

  // That the device used while they ran, logs and evaluations between them included; nothing where
  // it has no counter, as energy_source() says.
  std::optional<double> joules() const;
  const std::string& energy_source() const { return energy_.name(); }

  // In the format that chrome://tracing and Perfetto read.
  absl::Status WriteChromeTrace(const std::filesystem::path& file) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::string name;
    bool is_part = false;
    uint64_t thread = 0;
    Clock::time_point begin, end;
  };
  friend struct ProfileCallbacks;
  Clock::time_point Begin(bool is_part, const char* name);
  void End(Entry entry);

  Backend& backend_;
  const EnergySource energy_;
  mutable std::mutex mutex_;
  std::optional<double> joules_before_, joules_after_;
  std::vector<Entry> entries_;
  int64_t begun_ = 0;  // updates
  bool recording_ = false;
  uint64_t callback_ = 0;  // LibTorch's handle
};

// The table of parts, the largest first, and the energy of a token or why there is none.
void PrintProfile(const StepProfile& profile, int64_t tokens_per_update, std::ostream& out);

}  // namespace fp4::trainer
