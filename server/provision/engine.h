// What starts workers on other machines: a batch system, or a cloud.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/provision/pilot_planner.h"

namespace fp4::provision {

// Calls may take seconds; one at a time. Errors say what the engine answered.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual std::string_view name() const = 0;
  // Asks for one worker; the id of its job.
  virtual absl::StatusOr<std::string> Submit() = 0;
  // This controller's jobs that wait or run, the oldest first; those of an earlier process of it
  // too.
  virtual absl::StatusOr<std::vector<PilotJob>> List() = 0;
  virtual absl::Status Cancel(const std::vector<std::string>& ids) = 0;
};

}  // namespace fp4::provision
