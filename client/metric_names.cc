#include "client/metric_names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/errors.h"
#include "spec/suggest.h"

namespace fp4::client {

absl::StatusOr<std::vector<std::string>> MetricNames(const std::vector<v1::Run>& runs,
                                                     Connection& connection) {
  std::vector<std::string> names;
  for (const v1::Run& run : runs) {
    v1::QueryMetricsRequest request;
    request.set_run_id(run.id());
    FP4_ASSIGN_OR_RETURN(const v1::QueryMetricsResponse response, connection.QueryMetrics(request));
    for (const v1::Series& series : response.series()) names.push_back(series.name());
    if (!names.empty()) break;
  }
  return names;
}

absl::Status CheckMetricName(const std::string& name, const std::vector<std::string>& names) {
  if (names.empty() || std::ranges::find(names, name) != names.end()) return absl::OkStatus();
  return NoSuch(
      absl::StrCat("no metric '", name, "' here", spec::SuggestionAndChoices(name, names)));
}

}  // namespace fp4::client
