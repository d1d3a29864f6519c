// Messages as JSON values, for those who put several into one answer. Slow to compile: see
// values.h.
#pragma once

#include "fp4/v1/experiments.pb.h"
#include "wire/json/values.h"

namespace fp4::wire {

Json RunObject(const v1::Run& run);
Json WorkersArray(const v1::ListWorkersResponse& workers);

}  // namespace fp4::wire
