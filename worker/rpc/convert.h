// Between the wire's messages and the worker's own types. Only the gRPC client (and its tests)
// include this.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fp4/v1/workers.pb.h"
#include "worker/types.h"

namespace fp4::worker {

v1::RegisterRequest ToProto(const Introduction& introduction, const std::vector<FoundRun>& found);
v1::ReportEventsRequest ToProto(const EventReport& report, const std::string& worker_id);
v1::ReportExitRequest ToProto(const Held& lease, const ExitReport& report,
                              const std::string& worker_id);
v1::Held ToProto(const Held& held);
v1::HostFacts ToProto(const HostFacts& host);

// INTERNAL: the controller sent something that cannot be (no lease TTL).
absl::StatusOr<Registration> FromProto(const v1::RegisterResponse& response);
Work FromProto(const v1::AcquireResponse& response);
Renewal FromProto(const v1::RenewLeasesResponse& response);

}  // namespace fp4::worker
