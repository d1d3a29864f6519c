// What the reading calls answer, apart from gRPC: a request and a reader in, a message out.
#pragma once

#include "absl/status/statusor.h"
#include "fp4/v1/experiments.pb.h"
#include "server/store/reader.h"

namespace fp4::rpc {

// Of a request's page_size; INVALID_ARGUMENT below 0. What is too much is cut to the most; 0 stays.
absl::StatusOr<int> PageSize(int32_t page_size);

absl::StatusOr<v1::ListExperimentsResponse> ListExperiments(
    store::Reader& reader, const v1::ListExperimentsRequest& request);
absl::StatusOr<v1::Experiment> GetExperiment(store::Reader& reader,
                                             const v1::GetExperimentRequest& request);
// With its documents.
absl::StatusOr<v1::Run> GetRun(store::Reader& reader, const std::string& id);
absl::StatusOr<v1::ListRunsResponse> ListRuns(store::Reader& reader,
                                              const v1::ListRunsRequest& request);
absl::StatusOr<v1::QueryMetricsResponse> QueryMetrics(store::Reader& reader,
                                                      const v1::QueryMetricsRequest& request);

}  // namespace fp4::rpc
