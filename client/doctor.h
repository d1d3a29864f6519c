#pragma once

#include <string>
#include <vector>

#include "client/context.h"
#include "fp4/v1/admin.pb.h"

namespace fp4::client {

// All that `fp4ctl doctor` looks at: this machine, the way to the controller, and what that one
// tells. A controller that does not answer is one more finding.
std::vector<v1::Diagnosis> Examine(const Context& context);

}  // namespace fp4::client
