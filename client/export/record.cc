#include "client/export/record.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/render/runs.h"

namespace fp4::client {
namespace {

absl::StatusOr<std::vector<v1::Series>> AllSeries(const std::string& run_id,
                                                  Connection& connection) {
  v1::QueryMetricsRequest request;
  request.set_run_id(run_id);
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse names, connection.QueryMetrics(request));
  if (names.series_size() == 0) return std::vector<v1::Series>();
  for (const v1::Series& series : names.series()) request.add_names(series.name());
  FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse response, connection.QueryMetrics(request));
  return std::vector<v1::Series>(response.series().begin(), response.series().end());
}

absl::Status ReadTimes(Connection& connection, RunRecord& record) {
  v1::WatchRequest request;
  request.add_run_ids(record.run.id());
  request.set_no_follow(true);
  const std::unique_ptr<WatchStream> stream = connection.Watch(request);
  v1::Event event;
  while (stream->Next(event)) {
    if (!event.has_metrics()) continue;
    record.times[{event.attempt(), event.metrics().step()}] = ToTime(event.time());
  }
  return stream->Finish();
}

}  // namespace

absl::Time RunRecord::StartTime() const {
  return ToTime(run.has_start_time() ? run.start_time() : run.create_time());
}

absl::Time RunRecord::TimeOf(const v1::Point& point) const {
  const auto found = times.find({point.attempt(), point.step()});
  return found == times.end() ? StartTime() : found->second;
}

absl::StatusOr<RunRecord> ReadRecord(const std::string& run_id, bool with_times,
                                     Connection& connection) {
  RunRecord record;
  FP4_ASSIGN_OR_RETURN(record.run, connection.GetRun(run_id));
  FP4_ASSIGN_OR_RETURN(record.series, AllSeries(run_id, connection));
  if (with_times) FP4_RETURN_IF_ERROR(ReadTimes(connection, record));
  return record;
}

std::string ExportName(const v1::Run& run) {
  return absl::StrCat(run.variant(), "-seed", run.seed(), "-", run.id());
}

}  // namespace fp4::client
