// Requests that ask for something that there is not.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace fp4::rpc {

// INVALID_ARGUMENT about one field of a request: "max_points: is 3; allowed: …".
absl::Status InvalidField(const std::string& field, const std::string& description);

}  // namespace fp4::rpc
