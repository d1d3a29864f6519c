// What no field can be judged for alone: fields that contradict each other.
#pragma once

#include "spec/resolve.h"

namespace fp4::spec {

// `merged` says where fields were written. Checks whose fields are bad by themselves are left out.
void CheckAcrossFields(const Node& merged, const Resolved& resolved, Problems& problems);

}  // namespace fp4::spec
