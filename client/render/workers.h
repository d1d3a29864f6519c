#pragma once

#include <string>

#include "absl/time/time.h"
#include "client/render/table.h"
#include "fp4/v1/experiments.pb.h"

namespace fp4::client {

// A row for each worker, then why those that take no work do not.
std::string RenderWorkers(const v1::ListWorkersResponse& workers, absl::Time now,
                          const Layout& layout);

// The same with a row for each slot, and the run that holds it.
std::string RenderSlots(const v1::ListWorkersResponse& workers, const Layout& layout);

}  // namespace fp4::client
