#include "server/rpc/queries.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/core/downsample.h"
#include "server/rpc/convert_event.h"
#include "server/rpc/convert_experiment.h"
#include "server/rpc/invalid_field.h"

namespace fp4::rpc {
namespace {

absl::Status CheckMetricsRequest(const v1::QueryMetricsRequest& request) {
  const int64_t least = core::kMinDownsampledPoints;
  if (request.max_points() != 0 && request.max_points() < least) {
    return InvalidField("max_points", absl::StrCat("is ", request.max_points(),
                                                   "; allowed: 0 (all), or at least ", least));
  }
  if (request.from_step() < 0) {
    return InvalidField("from_step", absl::StrCat("is ", request.from_step(), ", below 0"));
  }
  if (request.to_step() != 0 && request.to_step() < request.from_step()) {
    return InvalidField("to_step", absl::StrCat("is ", request.to_step(), ", before from_step ",
                                                request.from_step()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> PageSize(int32_t page_size) {
  if (page_size < 0) return InvalidField("page_size", absl::StrCat("is ", page_size, ", below 0"));
  return std::min<int>(page_size, store::kMaxPageSize);
}

absl::StatusOr<v1::ListExperimentsResponse> ListExperiments(
    store::Reader& reader, const v1::ListExperimentsRequest& request) {
  FP4_ASSIGN_OR_RETURN(const int page_size, PageSize(request.page_size()));
  FP4_ASSIGN_OR_RETURN(const auto page,
                       reader.ListExperiments(request.project(), page_size, request.page_token()));
  v1::ListExperimentsResponse response;
  for (const auto& experiment : page.items) *response.add_experiments() = ToProto(experiment);
  response.set_next_page_token(page.next_token);
  return response;
}

absl::StatusOr<v1::Experiment> GetExperiment(store::Reader& reader,
                                             const v1::GetExperimentRequest& request) {
  FP4_ASSIGN_OR_RETURN(const int page_size, PageSize(request.page_size()));
  FP4_ASSIGN_OR_RETURN(const auto experiment,
                       reader.GetExperiment(request.id(), page_size, request.page_token()));
  return ToProto(experiment);
}

absl::StatusOr<v1::Run> GetRun(store::Reader& reader, const std::string& id) {
  FP4_ASSIGN_OR_RETURN(const auto details, reader.GetRun(id));
  return ToProto(details);
}

absl::StatusOr<v1::ListRunsResponse> ListRuns(store::Reader& reader,
                                              const v1::ListRunsRequest& request) {
  FP4_ASSIGN_OR_RETURN(const int page_size, PageSize(request.page_size()));
  std::vector<core::RunState> states;
  for (int state : request.states()) {
    FP4_ASSIGN_OR_RETURN(states.emplace_back(), FromProto(static_cast<v1::RunState>(state)));
  }
  FP4_ASSIGN_OR_RETURN(const auto page, reader.ListRuns(request.experiment_id(), states, page_size,
                                                        request.page_token()));
  v1::ListRunsResponse response;
  for (const store::RunRecord& run : page.items) *response.add_runs() = ToProto(run);
  response.set_next_page_token(page.next_token);
  return response;
}

absl::StatusOr<v1::QueryMetricsResponse> QueryMetrics(store::Reader& reader,
                                                      const v1::QueryMetricsRequest& request) {
  FP4_RETURN_IF_ERROR(CheckMetricsRequest(request));
  if (request.page_size() < 0) {
    return InvalidField("page_size", absl::StrCat("is ", request.page_size(), ", below 0"));
  }
  FP4_ASSIGN_OR_RETURN(
      const store::MetricsPage page,
      reader.QueryMetrics({.run_id = request.run_id(),
                           .names = {request.names().begin(), request.names().end()},
                           .from_step = request.from_step(),
                           .to_step = request.to_step(),
                           .max_points = request.max_points(),
                           .page_size = request.page_size(),
                           .page_token = request.page_token()}));
  return ToProto(page);
}

}  // namespace fp4::rpc
