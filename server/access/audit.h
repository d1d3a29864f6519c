// What was changed or refused, as it is kept.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace fp4::access {

struct AuditEntry {
  int64_t number = 0;  // set by the store
  absl::Time time;
  std::string who, role;  // empty: no identity
  std::string address;
  std::string action;   // "ExperimentService/CancelRun", "POST /api/v1/login"
  std::string subject;  // what the request is about; may be empty
  std::string code;     // "OK", "PERMISSION_DENIED", …
  std::string message;  // of an error
};

// More is cut off: names come from outside.
inline constexpr size_t kMaxAuditText = 300;

// The oldest go when there are more.
inline constexpr int64_t kMaxAuditEntries = 200'000;

}  // namespace fp4::access
