#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/context.h"

namespace fp4::client {

// A request id that no other call has.
std::string NewRequestId();

// A call whose answer got lost is made again: the request's id makes the second one harmless.
absl::StatusOr<v1::Experiment> CreateExperiment(Connection& connection,
                                                const v1::CreateExperimentRequest& request);

// What was queued, and how to watch it unless it is watched already.
void PrintSubmission(const v1::Experiment& experiment, bool watch, Context& context);

}  // namespace fp4::client
