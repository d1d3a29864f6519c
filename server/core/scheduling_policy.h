// What an operator may set about who gets slots. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace fp4::core {

struct SchedulingPolicy {
  // A run that has had its slots for less is not preempted; infinite: none ever is.
  absl::Duration min_runtime = absl::Minutes(1);
  // A run that wants several slots has waited for so long before slots are kept free for it.
  absl::Duration reserve_after = absl::Minutes(1);
  // The most slots that the runs of a project hold together; a project that is not named: no limit.
  std::map<std::string, int64_t> project_slots;
};

}  // namespace fp4::core
