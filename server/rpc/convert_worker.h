// What workers ask and are told. Part of the conversion layer.
#pragma once

#include "absl/status/statusor.h"
#include "fp4/v1/experiments.pb.h"
#include "fp4/v1/workers.pb.h"
#include "server/core/queue_order.h"
#include "server/store/records.h"
#include "server/store/requests.h"

namespace fp4::rpc {

// INVALID_ARGUMENT names the field and its value.
absl::StatusOr<store::RegisterWorker> FromProto(const v1::RegisterRequest& request);
// `now` tells how far the worker's clock is ahead.
absl::StatusOr<store::AcquireWork> FromProto(const v1::AcquireRequest& request, absl::Time now);
store::RenewLeases FromProto(const v1::RenewLeasesRequest& request);
absl::StatusOr<store::ReportEvents> FromProto(const v1::ReportEventsRequest& request);
absl::StatusOr<store::ReportExit> FromProto(const v1::ReportExitRequest& request);

v1::RegisterResponse ToProto(const store::RegisteredWorker& registered);
v1::AcquireResponse ToProto(const store::AcquiredWork& work);
v1::RenewLeasesResponse ToProto(const store::RenewedLeases& leases);
v1::Worker ToProto(const store::WorkerRecord& worker);

v1::ListQueueResponse ToProto(const core::QueuePage& page);

}  // namespace fp4::rpc
