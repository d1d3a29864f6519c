// What the reading calls answer, apart from gRPC: a request and a reader in, a message out.
#pragma once

#include "absl/status/statusor.h"
#include "fp4/v1/experiments.pb.h"
#include "server/store/reader.h"

namespace fp4::rpc {

absl::StatusOr<v1::ListExperimentsResponse> ListExperiments(
    store::Reader& reader, const v1::ListExperimentsRequest& request);
absl::StatusOr<v1::Experiment> GetExperiment(store::Reader& reader,
                                             const v1::GetExperimentRequest& request);
absl::StatusOr<v1::ListRunsResponse> ListRuns(store::Reader& reader,
                                              const v1::ListRunsRequest& request);
absl::StatusOr<v1::QueryMetricsResponse> QueryMetrics(store::Reader& reader,
                                                      const v1::QueryMetricsRequest& request);

}  // namespace fp4::rpc
